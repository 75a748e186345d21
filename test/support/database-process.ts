import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const MODULE = resolve('dist/src/platform/database/embedded-postgres.js');

/** What the child says: one JSON message when it serves or has failed, and the lines it would log. */
export interface Started {
  host?: string;
  url?: string;
  error?: { name: string; message: string };
  lines: string[];
}

const PROGRAM = `
  const { startEmbeddedPostgres } = require(${JSON.stringify(MODULE)});
  const lines = [];
  startEmbeddedPostgres({ dataDir: process.argv[1], log: (line) => lines.push(line) }).then(
    (database) => {
      process.send({ url: database.url, host: database.connection.host, lines });
      process.on('message', async (order) => {
        if (order === 'throw') setTimeout(() => { throw new Error('on purpose'); });
        await database.stop();
        await database.stop();
        process.disconnect();
      });
    },
    (error) => process.send({ error: { name: error.name, message: error.message }, lines }, () => process.disconnect()),
  );
`;

/** A process of its own that serves one data folder, as the server does. */
export class DatabaseProcess {
  private constructor(
    readonly process: ChildProcess,
    readonly started: Promise<Started>,
  ) {}

  static start(dataDir: string, user?: { uid: number; gid: number }): DatabaseProcess {
    const child = spawn(process.execPath, ['-e', PROGRAM, dataDir], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      cwd: '/',
      ...user,
    });
    const started = Promise.race([
      once(child, 'message').then(([message]) => message as Started),
      once(child, 'exit').then(([code]) => ({ error: { name: 'Exit', message: String(code) }, lines: [] })),
    ]);
    return new DatabaseProcess(child, started);
  }

  /** Stops in order and waits for the end. */
  stop(): Promise<void> {
    return this.order('stop');
  }

  /** Lets an exception escape in the process and waits for the end. */
  crash(): Promise<void> {
    return this.order('throw');
  }

  private async order(order: string): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    // One that could not start is about to leave by itself, and may have hung up already.
    if (this.process.connected) this.process.send(order, () => undefined);
    await exit;
  }

  /** What no program can prepare for. */
  async kill(): Promise<void> {
    const exit = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exit;
  }
}
