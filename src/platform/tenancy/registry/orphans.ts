import type { OwnerDatabases } from '../owner/owner-database.js';
import type { Registry } from './registry.js';

export interface Orphan {
  /** Of the schema, the role, or both. */
  name: string;
  firstSeenAt: Date;
}

/**
 * Schemas of the tenants' owner and roles of this database's logins. Other databases of the same server have roles of
 * the same form, which are theirs.
 */
const CANDIDATES = `
  SELECT s.name FROM (
    SELECT nspname::text AS name FROM pg_namespace
     WHERE nspowner = (SELECT oid FROM pg_roles WHERE rolname = $1)
    UNION
    SELECT r.rolname::text FROM pg_auth_members m
      JOIN pg_roles r ON r.oid = m.roleid
      JOIN pg_roles l ON l.oid = m.member
     WHERE l.rolname = ANY ($2)) s
   WHERE s.name ~ '^t_[a-z2-7]{26}$'`;

/** Asked after the candidates were seen: the registry knows of each schema before it is made, so none is new to it. */
const ORPHANS = `
  WITH found AS MATERIALIZED (
    SELECT s.name FROM unnest($2::text[]) AS s (name)
     WHERE NOT EXISTS (
       SELECT FROM platform.tenant t
        WHERE t.schema_name = s.name AND t.status <> 'deleted' AND $1 IN (t.database, t.stale_copy_on))),
  gone AS (DELETE FROM platform.orphan WHERE database = $1 AND name NOT IN (SELECT name FROM found)),
  fresh AS (INSERT INTO platform.orphan (name, database) SELECT name, $1 FROM found ON CONFLICT DO NOTHING)
  SELECT name, coalesce(o.first_seen_at, now()) AS "firstSeenAt" FROM found LEFT JOIN platform.orphan o USING (name)
   ORDER BY name`;

/** Finds and removes what is left of tenants that the registry does not know, or no longer. */
export class Orphans {
  constructor(
    private readonly registry: Registry,
    private readonly databases: OwnerDatabases,
  ) {}

  /** All there are; each is remembered from the first time that it is seen, since PostgreSQL keeps no dates of birth. */
  async find(database: string): Promise<Orphan[]> {
    const owner = await this.databases.at(database);
    const { tenantOwner, logins } = owner.roles;
    const candidates = await owner.query<{ name: string }>(CANDIDATES, [tenantOwner, logins]);
    return this.registry.query<Orphan[]>(ORPHANS, [database, candidates.map(({ name }) => name)]);
  }

  /**
   * Removes those seen for the first time so long ago, unless they hold rows: a registry that was restored from an old
   * copy must not cost the tenants made since. Answers the names of what it removed.
   */
  async remove(database: string, seenSinceMs: number): Promise<string[]> {
    const owner = await this.databases.at(database);
    const removed: string[] = [];
    for (const { name, firstSeenAt } of await this.find(database)) {
      if (Date.now() - firstSeenAt.getTime() < seenSinceMs || !(await owner.isEmpty(name))) continue;
      await owner.dropSchema(name);
      await this.registry.query('DELETE FROM platform.orphan WHERE name = $1', [name]);
      removed.push(name);
    }
    return removed;
  }
}
