import { escapeIdentifier, type ClientBase } from 'pg';
import { quoteSchema } from '../tenant-schema.js';
import { tablesOf } from './tenant-catalog.js';

/** Whether no table of the schema has a row; the ledger of migrations aside. True for a schema that is not there. */
export async function hasNoRows(client: ClientBase, schemaName: string): Promise<boolean> {
  const tables = await tablesOf(client, schemaName);
  if (tables.length === 0) return true;
  const filled = tables
    .map((table) => `EXISTS (SELECT FROM ${quoteSchema(schemaName)}.${escapeIdentifier(table)})`)
    .join(' OR ');
  const { rows } = await client.query<{ filled: boolean }>(`SELECT ${filled} AS filled`);
  return !rows[0]!.filled;
}
