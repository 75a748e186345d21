import { chmod, chown, lstat, mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { PostgresAccount } from './postgres-account.js';

/** Names the socket; no port is ever opened. */
export const SOCKET_PORT = 5432;
const TEMPORARY_PREFIX = 'ringfence-';
/** A socket's path has 103 usable bytes on macOS and 107 on Linux. */
const PATH_LIMIT_BYTES = 100;

const noteOf = (dataDir: string): string => join(dataDir, 'socket-folder');

/**
 * Makes the private folder of the socket, and leaves a note in the data folder where it is.
 * A long data folder, or one that root hides from PostgreSQL's user, has it among the temporary files.
 */
export async function makeSocketFolder(
  dataDir: string,
  account: PostgresAccount | undefined,
): Promise<string> {
  await removeSocketFolder(dataDir);
  const inside = join(dataDir, 'socket');
  const isTooLong = Buffer.byteLength(`${inside}/.s.PGSQL.${SOCKET_PORT}.lock`) > PATH_LIMIT_BYTES;
  const folder = account || isTooLong ? await mkdtemp(join(tmpdir(), TEMPORARY_PREFIX)) : inside;
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o700);
  if (account) await chown(folder, account.uid, account.gid);
  await writeFile(noteOf(dataDir), folder, { mode: 0o600 });
  return folder;
}

/** Where the socket of the running PostgreSQL is. */
export function readSocketFolder(dataDir: string): Promise<string> {
  return readFile(noteOf(dataDir), 'utf8');
}

/**
 * Removes what `makeSocketFolder` made, in this run or in one that was killed: PostgreSQL would refuse to
 * start on the remains if the process id in them has been given to somebody else.
 */
export async function removeSocketFolder(dataDir: string): Promise<void> {
  const folder = await readSocketFolder(dataDir).catch(() => undefined);
  await rm(noteOf(dataDir), { force: true });
  if (!folder || !(basename(folder).startsWith(TEMPORARY_PREFIX) || folder === join(dataDir, 'socket')))
    return;
  // File by file, never recursively: the note is only a file, and must not be able to delete anything else.
  if (!(await lstat(folder).catch(() => undefined))?.isDirectory()) return;
  for (const name of [`.s.PGSQL.${SOCKET_PORT}`, `.s.PGSQL.${SOCKET_PORT}.lock`]) {
    await rm(join(folder, name), { force: true });
  }
  await rmdir(folder).catch(() => undefined);
}
