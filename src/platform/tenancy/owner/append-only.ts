import type { ClientBase } from 'pg';
import { quoteSchema } from '../tenant-schema.js';

/** Tables to which the server's roles can add rows, and whose rows they can neither change nor remove. */
const APPEND_ONLY = ['audit_event', 'audit_link'] as const;
/**
 * Tables that stay with the tenant when its data is exchanged for an archive's: what happened has happened. In the order in
 * which they are locked, after all others, since that is how those who write come to them.
 */
export const HISTORY: readonly string[] = ['audit_link', 'audit_event', 'audit_pending'];

/** What a tenant's role may do with the rows of the table. */
export const rightsOn = (table: string): string =>
  (APPEND_ONLY as readonly string[]).includes(table) ? 'SELECT, INSERT' : 'SELECT, INSERT, UPDATE, DELETE';

/** Takes back, from a role that was granted all tables, what would let it rewrite history. `schema` is quoted already. */
export function keepAppendOnly(schema: string, role: string): string {
  const tables = APPEND_ONLY.map((table) => `${schema}.${table}`).join(', ');
  return `REVOKE UPDATE, DELETE, TRUNCATE ON TABLE ${tables} FROM ${role};`;
}

/** Lets the live history take the place of the shadow's, inside the transaction that exchanges the two schemas. */
export async function moveHistory(client: ClientBase, live: string, shadow: string): Promise<void> {
  const [from, to] = [quoteSchema(live), quoteSchema(shadow)];
  const { rows } = await client.query<{ table: string }>(
    'SELECT tablename AS table FROM pg_tables WHERE schemaname = $1 AND tablename = ANY($2)',
    [live, HISTORY],
  );
  for (const { table } of rows) {
    await client.query(`DROP TABLE ${to}.${table}`);
    await client.query(`ALTER TABLE ${from}.${table} SET SCHEMA ${to}`);
  }
}

/**
 * Removes the entries up to that place of the chain, with their links. Needs the owner's rights; `schema` is a tenant's,
 * or null for the registry's. Returns how many.
 */
export async function removePrefix(
  client: ClientBase,
  schema: string | null,
  sequence: number,
): Promise<number> {
  const place = schema === null ? 'platform' : quoteSchema(schema);
  const { rowCount } = await client.query(
    `WITH gone AS (DELETE FROM ${place}.audit_link WHERE sequence <= $1 RETURNING event_id)
     DELETE FROM ${place}.audit_event e USING gone WHERE e.id = gone.event_id`,
    [sequence],
  );
  return rowCount ?? 0;
}
