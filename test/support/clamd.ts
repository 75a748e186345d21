import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.js';

/** What this clamd takes for a virus, wherever it stands: a signature of our own, as EICAR's is for others. */
export const VIRUS = 'RINGFENCE-STANDARD-ANTIVIRUS-TEST-FILE';
export const SIGNATURE = 'Ringfence.Test.UNOFFICIAL';
export const MAX_SCANNED_BYTES = 1024 * 1024;

/** A real clamd that knows one virus; it can go away and come back. */
export interface ClamdProcess {
  url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  remove(): void;
}

export async function newClamd(): Promise<ClamdProcess> {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  if (spawnSync('which', ['clamd'], { env }).status !== 0)
    throw new Error('clamd is not installed: apt-get install clamav-daemon');
  const folder = mkdtempSync(join(tmpdir(), 'clamd-'));
  const port = await freePort();
  writeFileSync(join(folder, 'own.ndb'), `Ringfence.Test:0:*:${Buffer.from(VIRUS).toString('hex')}\n`);
  const config = join(folder, 'clamd.conf');
  writeFileSync(
    config,
    `DatabaseDirectory ${folder}
TCPSocket ${port}
TCPAddr 127.0.0.1
Foreground yes
StreamMaxLength ${MAX_SCANNED_BYTES}
${userInfo().uid === 0 ? 'User root' : ''}
`,
  );
  let child: ChildProcess | undefined;
  const kill = (): void => void child?.kill('SIGKILL');
  process.once('exit', kill);
  return {
    url: `tcp://127.0.0.1:${port}`,
    async start() {
      child = spawn('clamd', ['--config-file', config], { env, stdio: 'ignore' });
      for (let tries = 0; !(await answers(port)); tries++) {
        if (tries > 300 || child.exitCode !== null) throw new Error('clamd did not start');
        await sleep(50);
      }
    },
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((done) => child!.once('exit', done));
      child.kill('SIGKILL');
      await ended;
    },
    remove() {
      kill();
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('zPING\0'));
    socket
      .once('data', () => done(true))
      .once('error', () => done(false))
      .once('close', () => done(false));
    socket.once('data', () => socket.destroy());
  });
}
