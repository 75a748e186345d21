import type { OwnerDatabase } from '../owner/owner-database.js';
import type { Registry } from './registry.js';

export interface Orphan {
  /** Of the schema, the role, or both. */
  name: string;
  firstSeenAt: Date;
}

/**
 * Schemas of the tenants' owner and roles of this database's logins that belong to no tenant of the registry. Other
 * databases of the same server have roles of the same form, which are theirs.
 */
const ORPHANS = `
  SELECT s.name FROM (
    SELECT nspname::text AS name FROM pg_namespace
     WHERE nspowner = (SELECT oid FROM pg_roles WHERE rolname = $1)
    UNION
    SELECT r.rolname::text FROM pg_auth_members m
      JOIN pg_roles r ON r.oid = m.roleid
      JOIN pg_roles l ON l.oid = m.member
     WHERE l.rolname = ANY ($2)) s
   WHERE s.name ~ '^t_[a-z2-7]{26}$'
     AND NOT EXISTS (SELECT FROM platform.tenant t WHERE t.schema_name = s.name AND t.status <> 'deleted')`;

/** Finds and removes what is left of tenants that the registry does not know, or no longer. */
export class Orphans {
  constructor(
    private readonly registry: Registry,
    private readonly owner: OwnerDatabase,
  ) {}

  /** All there are; each is remembered from the first time that it is seen, since PostgreSQL keeps no dates of birth. */
  async find(): Promise<Orphan[]> {
    const { tenantOwner, logins } = this.owner.roles;
    const orphans = await this.registry.query<Orphan[]>(
      `WITH found AS MATERIALIZED (${ORPHANS}),
       gone AS (DELETE FROM platform.orphan WHERE name NOT IN (SELECT name FROM found)),
       fresh AS (INSERT INTO platform.orphan (name) SELECT name FROM found ON CONFLICT DO NOTHING)
       SELECT name, coalesce(o.first_seen_at, now()) AS "firstSeenAt" FROM found LEFT JOIN platform.orphan o USING (name)
        ORDER BY name`,
      [tenantOwner, logins],
    );
    return orphans;
  }

  /**
   * Removes those seen for the first time so long ago, unless they hold rows: a registry that was restored from an old
   * copy must not cost the tenants made since. Answers the names of what it removed.
   */
  async remove(seenSinceMs: number): Promise<string[]> {
    const removed: string[] = [];
    for (const { name, firstSeenAt } of await this.find()) {
      if (Date.now() - firstSeenAt.getTime() < seenSinceMs || !(await this.owner.isEmpty(name))) continue;
      await this.owner.dropSchema(name);
      await this.registry.query('DELETE FROM platform.orphan WHERE name = $1', [name]);
      removed.push(name);
    }
    return removed;
  }
}
