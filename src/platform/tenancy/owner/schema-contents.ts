import type { ClientBase } from 'pg';

/** Whether no table of the schema has a row; the ledger of migrations aside. True for a schema that is not there. */
export async function hasNoRows(client: ClientBase, schemaName: string): Promise<boolean> {
  const { rows } = await client.query<{ table: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS table FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'm') AND c.relname <> 'migration'`,
    [schemaName],
  );
  if (rows.length === 0) return true;
  const filled = rows.map(({ table }) => `EXISTS (SELECT FROM ${table})`).join(' OR ');
  const { rows: found } = await client.query<{ filled: boolean }>(`SELECT ${filled} AS filled`);
  return !found[0]!.filled;
}
