import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolConfig } from 'pg';
import { freePort } from './ports.js';

/** Fewer for each login than the pool has clients, so that they must share; more than one tenant may hold. */
const SERVER_CONNECTIONS = 3;

/** A real pgbouncer in transaction mode, in front of the database. */
export interface Pgbouncer {
  host: string;
  port: number;
  stop(): Promise<void>;
}

/** Where Debian puts it is not in everyone's PATH. */
function programPath(): string | undefined {
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  const found = spawnSync('which', ['pgbouncer'], { env: { ...process.env, PATH: path }, encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

export const hasPgbouncer = (): boolean => programPath() !== undefined;

/** Starts one for these logins, whose passwords it must know. */
export async function startPgbouncer(
  database: PoolConfig & { database: string },
  logins: readonly PoolConfig[],
): Promise<Pgbouncer> {
  const program = programPath();
  if (program === undefined) throw new Error('pgbouncer is not installed: apt-get install pgbouncer');
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  const port = await freePort();
  const users = logins.map((login) => `"${login.user}" "${login.password as string}"`);
  writeFileSync(join(folder, 'users.txt'), `${users.join('\n')}\n`, { mode: 0o644 });
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
${database.database} = host=${database.host} port=${database.port ?? 5432} dbname=${database.database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = ${SERVER_CONNECTIONS}
max_client_conn = 200
`,
  );
  // It refuses to run as root, and only PostgreSQL's own account may enter the folder of the socket.
  const isRoot = userInfo().uid === 0;
  const { uid, gid } = statSync(String(database.host));
  chmodSync(folder, 0o755);
  if (isRoot) chownSync(folder, uid, gid);
  const child = spawn(program, ['-q', join(folder, 'pgbouncer.ini')], {
    ...(isRoot ? { uid, gid } : {}),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // A run that is broken off leaves none behind.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let written = '';
  child.stderr.on('data', (chunk) => (written += String(chunk)));
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 100 || child.exitCode !== null) throw new Error(`pgbouncer did not start: ${written}`);
    await sleep(50);
  }
  return {
    host: '127.0.0.1',
    port,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => done(true)).once('error', () => done(false));
    socket.once('connect', () => socket.destroy());
  });
}
