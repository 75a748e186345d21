import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStart } from './process-table.js';
import { errorCode } from './error-code.js';

/** Another living process serves this data folder; the message is one line for the operator. */
export class DatabaseInUseError extends Error {
  constructor(dataDir: string, pid: number) {
    super(`The data folder ${dataDir} is in use by another Ringfence (process ${pid}); stop that one first.`);
    this.name = new.target.name;
  }
}

const ATTEMPTS = 4;

/**
 * Takes the folder for this process and returns how to give it back. Throws DatabaseInUseError.
 *
 * Everybody first writes a file of its own and then looks for others. The file's name is process id and
 * start time, so it dies with its process, and removing a dead one can never hit a newcomer's.
 */
export async function lockDataFolder(dataDir: string): Promise<() => Promise<void>> {
  const folder = join(dataDir, 'lock');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const mine = `${process.pid}.${await processStart(process.pid)}`;
  const file = join(folder, mine);
  let holder: number | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await writeFile(file, '', { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
      throw errorCode(error) === 'EEXIST' ? new DatabaseInUseError(dataDir, process.pid) : error;
    });
    holder = await livingHolder(folder, mine);
    if (holder === undefined) return () => rm(file, { force: true });
    await rm(file, { force: true });
    // Two newcomers that saw each other both step back; the random pause lets one of them win.
    await sleep(20 + Math.random() * 100);
  }
  throw new DatabaseInUseError(dataDir, holder ?? process.pid);
}

/** The id of the living process that holds the folder, if there is one. */
export function holderOfDataFolder(dataDir: string): Promise<number | undefined> {
  return livingHolder(join(dataDir, 'lock'));
}

async function livingHolder(folder: string, except?: string): Promise<number | undefined> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names.filter((each) => each !== except)) {
    const [pid = '', start] = name.split('.');
    if ((await processStart(Number(pid))) === start) return Number(pid);
    await rm(join(folder, name), { force: true });
  }
  return undefined;
}
