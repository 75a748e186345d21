import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { sharedDatabase } from './database.js';

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `ringfence` beside the shared server, on the same data. */
export async function runCommand(...args: string[]): Promise<Outcome> {
  const { dataDir } = await sharedDatabase();
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { PATH, HOME, TMPDIR, NODE_ENV: 'test', DATA_DIR: dataDir, BCRYPT_COST: '4' };
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [resolve('bin/ringfence.js'), ...args],
      { env },
      (_error, stdout, stderr) => done({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** The token of the link that such a command makes. */
export async function linkToken(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(...args, '--json');
  if (code !== 0) throw new Error(`the command ended with ${code}: ${stderr}`);
  const { link } = JSON.parse(stdout) as { link: string };
  return link.split('#setup=')[1]!;
}
