import type { ClientBase } from 'pg';
import { DatabaseSetupError } from '../owner/database-setup-error.js';
import type { OwnerDatabase } from '../owner/owner-database.js';

const MARK = 'tenants of Ringfence, entry of the registry: ';

interface Entry {
  id: string;
  tenants: number;
}

/**
 * The entry that the registry has of a further database, made at the first look. The id in it is written into that
 * database, so that a name which leads elsewhere one day (mixed up, restored empty) is noticed and refused.
 */
export async function entryOf(registry: OwnerDatabase, name: string): Promise<Entry> {
  const [entry] = await registry.query<Entry & Record<string, unknown>>(
    `INSERT INTO platform.tenant_database AS d (name, id) VALUES ($1, gen_random_uuid())
     ON CONFLICT (name) DO UPDATE SET name = d.name
     RETURNING id, (SELECT count(*)::int FROM platform.tenant WHERE database = $1 AND status <> 'deleted') AS tenants`,
    [name],
  );
  return entry!;
}

/** Changes nothing. Throws DatabaseSetupError when the database is the registry's, or another's than the entry says. */
export async function assertOurs(client: ClientBase, name: string, { id, tenants }: Entry): Promise<void> {
  const { rows } = await client.query<{ hasRegistry: boolean; mark: string | null }>(
    `SELECT to_regclass('platform.tenant') IS NOT NULL AS "hasRegistry",
            obj_description(to_regnamespace('platform'), 'pg_namespace') AS mark`,
  );
  const { hasRegistry, mark } = rows[0]!;
  if (hasRegistry) throw new DatabaseSetupError(`TENANT_DATABASES: ${name} is the database of a registry`);
  if (mark !== null && mark !== MARK + id)
    throw new DatabaseSetupError(`TENANT_DATABASES: ${name} is another database than the registry knows`);
  if (mark === null && tenants > 0)
    throw new DatabaseSetupError(
      `TENANT_DATABASES: ${name} is not the database on which ${tenants} tenants of that name live`,
    );
}

/** Writes the entry's id into the database, once it is prepared. Of two names for one database the second is refused. */
export async function markAsOurs(database: OwnerDatabase, entry: Entry): Promise<void> {
  await database.inTransaction(async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('${MARK}', 0))`);
    await assertOurs(client, database.name, entry);
    await client.query(`COMMENT ON SCHEMA platform IS '${MARK}${entry.id}'`);
  });
}
