import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { open, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresAccount } from './postgres-account.js';

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const READY_POLL_MS = 20;
/** Long, because after a crash PostgreSQL first replays its journal. */
const READY_LIMIT_MS = 5 * 60_000;

/** PostgreSQL's own log, to which initdb writes too. */
export class PostgresLog {
  private constructor(
    readonly file: string,
    private readonly startedAt: number,
  ) {}

  /** Opens the log of this start; a log that has grown too long is begun anew. */
  static async open(dataDir: string): Promise<PostgresLog> {
    const file = join(dataDir, 'postgres.log');
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    if (size > LOG_LIMIT_BYTES) await truncate(file);
    return new PostgresLog(file, size > LOG_LIMIT_BYTES ? 0 : size);
  }

  /** The line of this start that best says what went wrong. */
  async verdict(): Promise<string> {
    const handle = await open(this.file, 'r');
    try {
      const { size } = await handle.stat();
      const from = Math.max(this.startedAt, size - 8192);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n').filter(Boolean);
      const line = lines.findLast((each) => /\b(FATAL|PANIC|ERROR|error):/.test(each)) ?? lines.at(-1);
      return line?.trim() ?? 'it wrote nothing to its log';
    } finally {
      await handle.close();
    }
  }
}

/**
 * Starts one of PostgreSQL's programs in `folder`; `args` gets the folder's name as the program may use it.
 *
 * When we are root, the program is not, and need not be allowed to walk to the folder (/root/app/.data):
 * it gets the open folder as file descriptor 3, which its own children inherit.
 * It has a session of its own, so Ctrl-C in a terminal reaches Node only, which then stops it in order.
 */
export function spawnIn(
  folder: string,
  program: string,
  args: (folder: string) => string[],
  options: { account: PostgresAccount | undefined; log: PostgresLog },
): ChildProcess {
  const output = openSync(options.log.file, 'a', 0o600);
  const door = options.account && openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return spawn(program, args(door === undefined ? folder : '/proc/self/fd/3'), {
      ...options.account,
      cwd: folder,
      // A bare environment: the caller's PG* and locale settings must not change what we start.
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', output, output, ...(door === undefined ? [] : [door])],
      detached: true,
    });
  } finally {
    closeSync(output);
    if (door !== undefined) closeSync(door);
  }
}

/** Resolves when the program has ended, with `null` when all went well, else with what it died of. */
export function ending(child: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code === 0 ? null : (signal ?? `exit code ${code}`)));
  });
}

/** The postmaster's process id and whether it accepts connections, as it says in its own file. */
export async function postmasterState(
  clusterDir: string,
): Promise<{ pid: number; isReady: boolean } | undefined> {
  const text = await readFile(join(clusterDir, 'postmaster.pid'), 'utf8').catch(() => undefined);
  const lines = text?.split('\n');
  return lines && { pid: Number(lines[0]), isReady: lines[7]?.trim() === 'ready' };
}

/** Waits until this very postmaster accepts connections; throws one line when it ends or never does. */
export async function untilReady(
  child: ChildProcess,
  ended: Promise<string | null>,
  clusterDir: string,
  log: PostgresLog,
): Promise<void> {
  const postmaster = { hasEnded: false };
  void ended.then(() => (postmaster.hasEnded = true));
  const deadline = Date.now() + READY_LIMIT_MS;
  for (;;) {
    const state = await postmasterState(clusterDir);
    if (postmaster.hasEnded) {
      const cause = child.pid === undefined ? await ended : await log.verdict();
      throw new Error(`The embedded PostgreSQL did not start: ${cause}`);
    }
    if (state?.pid === child.pid && state?.isReady) return;
    if (Date.now() > deadline)
      throw new Error(`The embedded PostgreSQL is not ready: ${await log.verdict()}`);
    await sleep(READY_POLL_MS);
  }
}

/** Ends sessions and writes everything down; harder means if that takes too long. Safe to call twice. */
export async function shutDown(child: ChildProcess, ended: Promise<string | null>): Promise<void> {
  child.ref();
  for (const { signal, waitMs } of [
    { signal: 'SIGINT', waitMs: 3500 },
    { signal: 'SIGQUIT', waitMs: 1000 },
    { signal: 'SIGKILL', waitMs: 400 },
  ] as const) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const timeout = new AbortController();
    await Promise.race([ended, sleep(waitMs, undefined, { signal: timeout.signal }).catch(() => undefined)]);
    timeout.abort();
  }
}
