/** The server that the programs beside this one measure, in a process of its own. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(new URL('.', import.meta.url)), '..');
const STOP_MS = 15_000;

/** A new folder for data. PostgreSQL never runs as root: its own account must get there. */
export function newHome() {
  const home = mkdtempSync(join(tmpdir(), 'ringfence-bench-'));
  chmodSync(home, 0o711);
  return home;
}

/**
 * Starts `dist/src/main.js`, or what node is told by `program`, with these variables and limits that stop nobody; with how
 * long it took until it listened.
 */
export async function startServer(env, program = [join(ROOT, 'dist/src/main.js')]) {
  const begun = performance.now();
  const child = spawn(process.execPath, program, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      PORT: '0',
      BCRYPT_COST: '4',
      LOG_LEVEL: 'error',
      RATE_LIMIT_PER_MINUTE: '0',
      LOGIN_RATE_LIMIT_PER_MINUTE: '0',
      ...env,
    },
  });
  const url = await new Promise((found, failed) => {
    let written = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      written += text;
      const listening = /listening on (\S+)/.exec(written)?.[1];
      if (listening) found(listening);
    });
    child.once('exit', () => failed(new Error(`the server ended: ${written}`)));
  });
  return {
    url,
    pid: child.pid,
    startMs: performance.now() - begun,
    /** Of the server's process alone, in MB. */
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024,
    async stop() {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(STOP_MS)]);
      if (child.exitCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}
