import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const OPERATOR_EMAIL = 'operator@ringfence.test';
export const OPERATOR_PASSWORD = 'first-operator-of-the-test-house';

const ROOT = resolve(__dirname, '../..');
const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 15_000;

/** Settings under which tests are not kept waiting. */
export const UNHURRIED = {
  NODE_ENV: 'test',
  BCRYPT_COST: '4',
  RATE_LIMIT_PER_MINUTE: '0',
  LOGIN_RATE_LIMIT_PER_MINUTE: '0',
};

export interface RunningServer {
  url: string;
  dataDir: string;
  process: ChildProcess;
  /** All that the server wrote so far, to stdout and stderr. */
  output(): string;
  /** Sends SIGTERM and waits; resolves to the exit code, null when it had to be killed. Removes the data when it made them. */
  stop(): Promise<number | null>;
}

/** A new folder in which the data of a server can be. PostgreSQL never runs as root: its own account must get there. */
export function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'ringfence-test-'));
  chmodSync(home, 0o711);
  return home;
}

/**
 * Starts the built server as a process of its own, with nothing of this process's environment but what finds programs,
 * and waits for the line that says where it listens. Rejects with the server's output when it ends or takes too long.
 */
export async function startServer(env: Record<string, string> = {}): Promise<RunningServer> {
  const home = newHome();
  const dataDir = env.DATA_DIR ?? join(home, 'data');
  const child = spawn(process.execPath, [join(ROOT, 'dist/src/main.js')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: dataDir,
      ...UNHURRIED,
      BOOTSTRAP_OPERATOR_EMAIL: OPERATOR_EMAIL,
      BOOTSTRAP_OPERATOR_PASSWORD: OPERATOR_PASSWORD,
      ...env,
    },
  });
  // A run that is broken off leaves no server behind.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let written = '';
  const exited = new Promise<number | null>((done) => {
    child.once('exit', (code) => {
      done(code);
    });
    child.once('error', (error) => {
      written += String(error);
      done(null);
    });
  });
  const remove = (): void => {
    rmSync(home, { recursive: true, force: true });
  };
  const stop = async (): Promise<number | null> => {
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.kill('SIGTERM');
    const code = await exited;
    clearTimeout(killer);
    process.off('exit', kill);
    remove();
    return code;
  };
  const listening = new Promise<string>((found, failed) => {
    const fail = (reason: string): void => {
      failed(new Error(`the server ${reason}; it wrote:\n${written}`));
    };
    const timer = setTimeout(fail, START_TIMEOUT_MS, `did not listen within ${START_TIMEOUT_MS} ms`);
    void exited.then((code) => {
      clearTimeout(timer);
      fail(`ended with ${code} before it listened`);
    });
    const read = (chunk: string): void => {
      written += chunk;
      const url = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(written)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      found(url);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', read);
  });
  try {
    return { url: await listening, dataDir, process: child, output: () => written, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
