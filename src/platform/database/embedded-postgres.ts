import { existsSync } from 'node:fs';
import { chmod, mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { holderOfDataFolder, lockDataFolder } from './data-folder-lock.js';
import { postgresAccount } from './postgres-account.js';
import { ensureCluster, readPassword, SUPERUSER } from './postgres-cluster.js';
import { ending, PostgresLog, postmasterState, shutDown, spawnIn, untilReady } from './postgres-process.js';
import { postgresPrograms } from './postgres-programs.js';
import { endPostgresIn, postgresProcessesIn } from './process-table.js';
import { makeSocketFolder, readSocketFolder, removeSocketFolder, SOCKET_PORT } from './socket-folder.js';

const DATABASE = 'ringfence';
const CREATE_DATABASE = `CREATE DATABASE ${DATABASE}`;

/** How to reach the database as its superuser; `host` is the folder of the socket. */
export interface Connection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

/** The same facts twice: as a URL and one by one. */
export interface ConnectionFacts {
  url: string;
  connection: Connection;
}

export interface EmbeddedDatabase extends ConnectionFacts {
  /** Ends sessions, stops PostgreSQL within five seconds and frees the folder. May be called again. */
  stop(): Promise<void>;
}

interface Options {
  dataDir: string;
  /** Gets lines for the operator, never a secret. */
  log(line: string): void;
}

/**
 * Starts the PostgreSQL of this data folder, made on first use, and resolves when it accepts connections.
 * One process at a time: throws DatabaseInUseError for a second one, and takes over what a killed one left.
 * Installs no signal handlers; whoever calls this stops it. When Node exits all the same, PostgreSQL ends too.
 */
export async function startEmbeddedPostgres(options: Options): Promise<EmbeddedDatabase> {
  const dataDir = await openDataFolder(options.dataDir);
  const unlock = await lockDataFolder(dataDir);
  try {
    return await startLocked(
      dataDir,
      (line) => {
        options.log(line);
      },
      unlock,
    );
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** The connection facts of the PostgreSQL that another living process serves here; `null` if none does. */
export async function connectToRunning(dataDir: string): Promise<ConnectionFacts | null> {
  if ((await holderOfDataFolder(dataDir)) === undefined) return null;
  if (!(await postmasterState(join(dataDir, 'postgres')))?.isReady) return null;
  return facts(await readSocketFolder(dataDir), await readPassword(dataDir));
}

async function openDataFolder(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    return await realpath(folder);
  } catch (cause) {
    throw new Error(`The data folder ${folder} cannot be used: ${(cause as Error).message}`, { cause });
  }
}

async function startLocked(
  dataDir: string,
  say: (line: string) => void,
  unlock: () => Promise<void>,
): Promise<EmbeddedDatabase> {
  const clusterDir = join(dataDir, 'postgres');
  await takeOver(clusterDir, say);
  const account = await postgresAccount(clusterDir);
  const { initdb, postgres } = await postgresPrograms(account);
  const log = await PostgresLog.open(dataDir);
  await ensureCluster(dataDir, clusterDir, initdb, { account, log, say });
  const socketFolder = await makeSocketFolder(dataDir, account);

  const child = spawnIn(clusterDir, postgres, (folder) => serverArguments(folder, socketFolder), {
    account,
    log,
  });
  child.unref();
  const ended = ending(child);
  const endWithNode = (): void => void child.kill('SIGINT');
  process.once('exit', endWithNode);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      await shutDown(child, ended);
      process.removeListener('exit', endWithNode);
      await removeSocketFolder(dataDir);
      await unlock();
    })());

  try {
    await untilReady(child, ended, clusterDir, log);
    const found = facts(socketFolder, await readPassword(dataDir));
    await ensureDatabase(found.connection);
    void ended.then((cause) => {
      if (!stopping) say(`PostgreSQL has ended unexpectedly (${cause ?? 'exit code 0'}); see ${log.file}`);
    });
    return { ...found, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Only called by the holder of the lock: whatever still runs here was left behind by a killed process. */
async function takeOver(clusterDir: string, say: (line: string) => void): Promise<void> {
  const postmaster = (await postmasterState(clusterDir))?.pid;
  if ((await postgresProcessesIn(clusterDir)).length > 0) {
    say('Stopping the PostgreSQL that an earlier run left behind.');
    const steps = (['SIGINT', 'SIGQUIT', 'SIGKILL'] as const).map((signal) => ({ signal, waitMs: 5000 }));
    await endPostgresIn(clusterDir, steps, postmaster);
  } else if (process.platform === 'linux' && postmaster !== undefined && existsSync(`/proc/${postmaster}`)) {
    // The number belongs to a stranger or a zombie by now, which PostgreSQL would take for its twin.
    await rm(join(clusterDir, 'postmaster.pid'), { force: true });
  }
}

function serverArguments(folder: string, socketFolder: string): string[] {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: `"${socketFolder.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    port: SOCKET_PORT,
    max_connections: 100,
    shared_buffers: '64MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
    // Statements and details carry passwords and tenants' data; the log must hold neither.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
  };
  return ['-D', folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

async function ensureDatabase(connection: Connection): Promise<void> {
  const client = new Client({ ...connection, database: 'postgres', ssl: false });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(CREATE_DATABASE);
  } finally {
    await client.end();
  }
}

function facts(host: string, password: string): ConnectionFacts {
  const query = new URLSearchParams({ host, port: String(SOCKET_PORT), sslmode: 'disable' });
  return {
    url: `postgresql://${SUPERUSER}:${password}@/${DATABASE}?${query.toString()}`,
    connection: { host, port: SOCKET_PORT, user: SUPERUSER, password, database: DATABASE },
  };
}
