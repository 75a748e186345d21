import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const hasProc = process.platform === 'linux';

/**
 * When a process began, as text that fits into a file name; `undefined` when it no longer runs.
 * Together with the process id it names one process for good, because ids are reused.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  if (!hasProc) {
    const started = await run('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => undefined);
    return started?.stdout.trim().replace(/\W+/g, '-') || undefined;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the program's name in brackets and may itself hold brackets and spaces.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isZombie = fields?.[0] === 'Z' || fields?.[0] === 'X';
  return isZombie ? undefined : fields?.[19];
}

/** The PostgreSQL programs of ours (or anybody's, for root) that work in `folder`. */
export async function postgresProcessesIn(folder: string): Promise<number[]> {
  const real = await realpath(folder).catch(() => undefined);
  if (!real) return [];
  return hasProc ? fromProc(real) : fromPs(real);
}

async function fromProc(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [cwd, program] = await Promise.all([
        readlink(`/proc/${pid}/cwd`).catch(() => undefined),
        readlink(`/proc/${pid}/exe`).catch(() => ''),
      ]);
      // A shell that somebody left standing in the folder is none of our business.
      return cwd === folder && /^(postgres|initdb)( \(deleted\))?$/.test(basename(program));
    }),
  );
  return pids.filter((_, index) => found[index]).map(Number);
}

async function fromPs(folder: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-axo', 'pid=,command='], { maxBuffer: 16 * 1024 * 1024 });
  return stdout
    .split('\n')
    .filter((line) => line.includes(` -D ${folder}`))
    .map((line) => Number.parseInt(line, 10));
}

/** Sends each signal in turn to the processes still in `folder`, until none is left. */
export async function endPostgresIn(
  folder: string,
  steps: readonly { signal: NodeJS.Signals; waitMs: number }[],
  first?: number,
): Promise<void> {
  for (const { signal, waitMs } of steps) {
    const pids = await postgresProcessesIn(folder);
    const targets = first !== undefined && pids.includes(first) ? [first] : pids;
    for (const pid of targets) sendSignal(pid, signal);
    const deadline = Date.now() + waitMs;
    while (Date.now() < deadline) {
      if ((await postgresProcessesIn(folder)).length === 0) return;
      await sleep(50);
    }
  }
  throw new Error(`A PostgreSQL left behind in ${folder} cannot be stopped.`);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal, which is what was wanted.
  }
}
