import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The operating system's user under which PostgreSQL runs when Ringfence itself runs as root. */
export interface PostgresAccount {
  uid: number;
  gid: number;
}

const ACCOUNT_NAME = 'postgres';

/**
 * PostgreSQL refuses to run as root. For root this answers the owner of an existing cluster, else the
 * system's `postgres` user, made if there is none. For everybody else `undefined`: run as the caller.
 */
export async function postgresAccount(clusterDir: string): Promise<PostgresAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (process.platform !== 'linux') {
    throw new Error('The embedded PostgreSQL runs as root on Linux only; start as another user.');
  }
  const cluster = await stat(clusterDir).catch(() => undefined);
  if (cluster && cluster.uid !== 0) return { uid: cluster.uid, gid: cluster.gid };
  return (await lookUp()) ?? (await create());
}

async function lookUp(): Promise<PostgresAccount | undefined> {
  const ids = await Promise.all([run('id', ['-u', ACCOUNT_NAME]), run('id', ['-g', ACCOUNT_NAME])]).catch(
    () => undefined,
  );
  return ids && { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) };
}

async function create(): Promise<PostgresAccount> {
  const options = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin'];
  const failure = await run('useradd', [...options, ACCOUNT_NAME]).then(
    () => undefined,
    (error: unknown) => error,
  );
  // Looked up even after a failure: another start may have made it at the same moment.
  const account = await lookUp();
  if (account) return account;
  throw new Error(
    `PostgreSQL cannot run as root and the user "${ACCOUNT_NAME}" cannot be made; ` +
      'start Ringfence as another user, or set DATABASE_URL.',
    { cause: failure },
  );
}
