import type { ClientBase } from 'pg';
import { HISTORY, keepAppendOnly, moveHistory } from './append-only.js';
import { newSchemaName, quoteSchema } from '../tenant-schema.js';

const SHADOW = 'shadow of a tenant that is being restored, since ';

/** Writes into the catalog what the schema is for, so that it is found again should the process end. */
export async function markAsShadow(client: ClientBase, schema: string): Promise<void> {
  await client.query(`COMMENT ON SCHEMA ${quoteSchema(schema)} IS '${SHADOW}${new Date().toISOString()}'`);
}

/** The shadows that are older than that. */
export async function abandonedShadows(client: ClientBase, since: Date): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace, obj_description(oid, 'pg_namespace') AS comment
      WHERE starts_with(comment, $1) AND right(comment, -length($1)) < $2`,
    [SHADOW, since.toISOString()],
  );
  return rows.map(({ name }) => name);
}

/** Shorter than callers wait for a lock (2 s unless configured), so that who queues behind the exchange is not refused. */
const LOCK_TIMEOUT_MS = 1500;

/**
 * Exchanges the contents of two schemas, inside the caller's transaction: afterwards `live` names the tables that were
 * `shadow`'s, and the other way round. Waits until nobody writes to the live tables; whoever comes meanwhile waits for
 * their locks and then finds the new tables, since PostgreSQL looks a name up again after such a wait. Neither the name
 * nor the role of the tenant changes, so that no node has to be told. `tenantOwner` is left out where the caller may do all
 * of it: on Citus each role has a connection of its own to the other nodes, and they would wait for each other.
 */
export async function swapSchemas(
  client: ClientBase,
  tenantOwner: string | undefined,
  live: string,
  shadow: string,
): Promise<void> {
  const [liveName, shadowName, passing] = [live, shadow, newSchemaName()].map(quoteSchema) as [
    string,
    string,
    string,
  ];
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [live]);
  await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  if (tenantOwner !== undefined) await client.query(`SET LOCAL ROLE "${tenantOwner}"`);
  const { rows } = await client.query<{ tables: string }>(
    `SELECT string_agg(format('%I.%I', schemaname, tablename), ', '
                       ORDER BY coalesce(array_position($2::text[], tablename::text), 0), tablename) AS tables
       FROM pg_tables WHERE schemaname = $1`,
    [live, HISTORY],
  );
  await client.query(`LOCK TABLE ${rows[0]!.tables} IN ACCESS EXCLUSIVE MODE`);
  await moveHistory(client, live, shadow);
  await client.query(`REVOKE ALL ON ALL TABLES IN SCHEMA ${shadowName} FROM ${shadowName}`);
  await client.query(`REVOKE ALL ON SCHEMA ${shadowName} FROM ${shadowName}`);
  await client.query(`GRANT USAGE ON SCHEMA ${shadowName} TO ${liveName}`);
  await client.query(
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${shadowName} TO ${liveName}`,
  );
  await client.query(`REVOKE ALL ON TABLE ${shadowName}.migration FROM ${liveName}`);
  await client.query(keepAppendOnly(shadowName, liveName));
  await client.query('SET LOCAL ROLE NONE');
  await client.query(`ALTER SCHEMA ${liveName} RENAME TO ${passing}`);
  await client.query(`ALTER SCHEMA ${shadowName} RENAME TO ${liveName}`);
  await client.query(`ALTER SCHEMA ${passing} RENAME TO ${shadowName}`);
  // The mark went along with the schema, and now belongs to the other.
  await client.query(`COMMENT ON SCHEMA ${liveName} IS NULL`);
  await markAsShadow(client, shadow);
}
