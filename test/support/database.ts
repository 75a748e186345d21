import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { connectToRunning, type Connection } from '../../src/platform/database/embedded-postgres.js';

export interface SharedDatabase {
  url: string;
  connection: Connection;
  dataDir: string;
  masterKey: Buffer;
}

/** The database of the server that all test files share, as its owner. */
export async function sharedDatabase(): Promise<SharedDatabase> {
  const dataDir = process.env.RINGFENCE_TEST_DATA_DIR;
  if (dataDir === undefined) throw new Error('the shared server was not started');
  const running = await connectToRunning(dataDir);
  if (!running) throw new Error('the shared server has no database');
  return {
    ...running,
    dataDir,
    masterKey: Buffer.from(readFileSync(join(dataDir, 'master.key'), 'utf8').trim(), 'base64'),
  };
}

/** What a further server needs to run on the shared database, or on another one of that PostgreSQL. */
export async function besideShared(database?: string): Promise<{ DATABASE_URL: string; MASTER_KEY: string }> {
  const { connection, masterKey } = await sharedDatabase();
  const { user, password, host, port } = connection;
  const query = new URLSearchParams({ host, port: String(port) }).toString();
  return {
    // The host that counts is the socket's folder; the one in the authority is there because a URL must have one.
    DATABASE_URL: `postgres://${user}:${password}@localhost/${database ?? connection.database}?${query}`,
    MASTER_KEY: masterKey.toString('base64'),
  };
}

/** The rows of one statement, run as the owner; `{schema}` stands for the schema of the tenant that is named. */
export async function asOwner<Row extends QueryResultRow>(
  sql: string,
  values: unknown[] = [],
  tenantId?: string,
): Promise<Row[]> {
  const client = new Client((await sharedDatabase()).connection);
  await client.connect();
  try {
    const tenants = await client.query<{ schema: string }>(
      'SELECT schema_name AS schema FROM platform.tenant WHERE id = $1',
      [tenantId],
    );
    const schema = tenants.rows[0]?.schema ?? 'platform';
    const { rows, command } = await client.query<Row>(sql.replaceAll('{schema}', schema), values);
    if (command !== 'SELECT') await makeKnown(client);
    return rows;
  } finally {
    await client.end();
  }
}

/** What was changed behind the servers' backs must not be remembered by them. */
async function makeKnown(client: Client): Promise<void> {
  await client.query('LISTEN ringfence_changes');
  const heard = once(client, 'notification');
  await client.query(`SELECT pg_notify('ringfence_changes', 'anything')`);
  await heard;
  // It has been sent to the servers as well, and they read it with their next turn.
  await sleep(50);
}
