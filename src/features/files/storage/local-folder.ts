import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export const OWNER_ONLY_FOLDER = { recursive: true, mode: 0o700 } as const;

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** What lies in the folder; nothing when there is none. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Whether it was last written before the time; false when it is gone. */
export async function isOlder(path: string, time: Date): Promise<boolean> {
  try {
    return (await stat(path)).mtime < time;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Removes what lies in the folder and was last written before the time. */
export async function removeOlder(folder: string, time: Date): Promise<void> {
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    if (await isOlder(path, time)) await rm(path, { recursive: true, force: true });
  }
}

/** A rename survives a power cut only when the folder was written too. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
