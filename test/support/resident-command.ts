import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

export interface Ran {
  code: number;
  output: string;
}

const PROGRAM = `
  const { run } = require(${JSON.stringify(resolve('dist/src/cli/main.js'))});
  require(${JSON.stringify(resolve('dist/src/app.module.js'))});
  let output, code;
  for (const stream of [process.stdout, process.stderr])
    stream.write = (text) => { output += text; return true; };
  process.exit = (given) => { code ??= given; };
  process.on('message', async (args) => {
    [output, code, process.exitCode] = ['', undefined, 0];
    await run(['node', 'ringfence', ...args]);
    process.send({ code: code ?? process.exitCode, output });
  });
`;

/**
 * Runs `ringfence` as the shell would, each time with connections and an application of its own, but in one process:
 * loading the program takes longer than most commands.
 */
export class ResidentCommand {
  private child: ChildProcess | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly env: NodeJS.ProcessEnv) {}

  /** Waits for its turn. */
  run(args: readonly string[]): Promise<Ran> {
    const ran = this.last.then(() => this.answerTo(args));
    this.last = ran.catch(() => undefined);
    return ran;
  }

  async stop(): Promise<void> {
    if (!this.child) return;
    const exit = once(this.child, 'exit');
    this.child.disconnect();
    await exit;
  }

  private async answerTo(args: readonly string[]): Promise<Ran> {
    this.child ??= spawn(process.execPath, ['-e', PROGRAM], {
      env: this.env,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const { child } = this;
    const answer = Promise.race([
      once(child, 'message').then(([ran]) => ran as Ran),
      once(child, 'exit').then(([code]) => ({ code: -1, output: `the process ended with ${code}` })),
    ]);
    child.send(args);
    return answer;
  }
}
