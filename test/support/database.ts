import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectToRunning, type Connection } from '../../src/platform/database/embedded-postgres.js';

/** The database of the server that all test files share, as its owner. */
export async function sharedDatabase(): Promise<{ connection: Connection; masterKey: Buffer }> {
  const dataDir = process.env.RINGFENCE_TEST_DATA_DIR;
  if (dataDir === undefined) throw new Error('the shared server was not started');
  const running = await connectToRunning(dataDir);
  if (!running) throw new Error('the shared server has no database');
  return {
    connection: running.connection,
    masterKey: Buffer.from(readFileSync(join(dataDir, 'master.key'), 'utf8').trim(), 'base64'),
  };
}
