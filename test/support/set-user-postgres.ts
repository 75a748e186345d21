import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { Connection } from '../../src/platform/database/embedded-postgres.js';
import { postgresAccount } from '../../src/platform/database/postgres-account.js';

const run = promisify(execFile);
const DEBIAN_VERSIONS = '/usr/lib/postgresql';
const DATABASE = 'ringfence';

/** A PostgreSQL of Debian's with the extension set_user, which the embedded one does not have. */
export interface SetUserPostgres {
  connection: Connection;
  stop(): Promise<void>;
}

/** The newest of Debian's PostgreSQL versions that has the extension, and where its programs are. */
function programsFolder(): string | undefined {
  if (!existsSync(DEBIAN_VERSIONS)) return undefined;
  const version = readdirSync(DEBIAN_VERSIONS)
    .filter((name) => existsSync(`/usr/share/postgresql/${name}/extension/set_user.control`))
    .sort((a, b) => Number(b) - Number(a))[0];
  return version === undefined ? undefined : join(DEBIAN_VERSIONS, version, 'bin');
}

export const hasSetUser = (): boolean => programsFolder() !== undefined;

/** Makes a cluster in a folder of its own, and in its database the extension in a schema of its own. */
export async function startSetUserPostgres(): Promise<SetUserPostgres> {
  const programs = programsFolder();
  if (programs === undefined)
    throw new Error('set_user is not installed: apt-get install postgresql-15 postgresql-15-set-user');
  const folder = await mkdtemp(join(tmpdir(), 'set-user-'));
  const cluster = join(folder, 'cluster');
  const password = randomBytes(16).toString('hex');
  await writeFile(join(folder, 'password'), `${password}\n`, { mode: 0o600 });
  // It refuses to run as root.
  const account = await postgresAccount(cluster);
  await chmod(folder, 0o700);
  if (account)
    for (const path of [folder, join(folder, 'password')]) await chown(path, account.uid, account.gid);
  const place = { ...account, cwd: folder };
  await run(
    join(programs, 'initdb'),
    [
      '-D',
      cluster,
      '-U',
      'postgres',
      `--pwfile=${join(folder, 'password')}`,
      '--auth=scram-sha-256',
      '--no-sync',
    ].concat(['--encoding=UTF8', '--locale=C']),
    place,
  );
  const settings = {
    shared_preload_libraries: 'set_user',
    listen_addresses: '',
    unix_socket_directories: folder,
    max_connections: 100,
    fsync: 'off',
  };
  const child = spawn(
    join(programs, 'postgres'),
    ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...place, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  // A run that is broken off leaves none behind.
  const kill = (): void => void child.kill('SIGINT');
  process.once('exit', kill);
  let written = '';
  child.stderr.on('data', (chunk) => (written = (written + String(chunk)).slice(-4000)));
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const connection = { host: folder, port: 5432, user: 'postgres', password, database: DATABASE };
  for (let tries = 0; !(await prepare(connection)); tries++) {
    if (tries > 300 || child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${written}`);
    await sleep(50);
  }
  return {
    connection,
    async stop() {
      child.kill('SIGINT');
      await exited;
      process.off('exit', kill);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** False as long as it takes no connections. */
async function prepare(connection: Connection): Promise<boolean> {
  const say = async (database: string, ...statements: string[]): Promise<void> => {
    const client = new Client({ ...connection, database });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  };
  try {
    await say('postgres', `CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    // ENOENT: no socket yet; 57P03: still starting.
    if (['ENOENT', 'ECONNREFUSED', '57P03'].includes((error as { code?: string }).code ?? '')) return false;
    throw error;
  }
  await say(DATABASE, 'CREATE SCHEMA set_user', 'CREATE EXTENSION set_user SCHEMA set_user');
  return true;
}
