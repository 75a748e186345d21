import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './client.js';

export interface FileBody {
  id: string;
  name: string;
  mediaType: string;
  size: number;
  sha256: string;
  owner: { type: string; id: string };
  version: number;
}

/** A form with one file, and further fields before it. */
export function form(
  bytes: Buffer | string,
  name: string,
  type = 'application/octet-stream',
  fields: Record<string, string> = {},
): FormData {
  const body = new FormData();
  for (const [key, value] of Object.entries(fields)) body.append(key, value);
  body.append('file', new Blob([bytes], { type }), name);
  return body;
}

/** What was made of an upload; fails when it was refused. */
export function fileOf({ status, text, body }: Answer): FileBody {
  expect({ status, text }).toEqual({ status: 201, text });
  return body as FileBody;
}

/** Where the server with this data, by default the shared one, keeps the bytes of files. */
export function filesFolder(dataDir = process.env.RINGFENCE_TEST_DATA_DIR): string {
  if (dataDir === undefined) throw new Error('the shared server was not started');
  return join(dataDir, 'files');
}

/** All that lies in the tenant's folder, and what uploads that have ended left behind: other tests' may be under way. */
export async function stored(tenantId: string, folder = filesFolder()): Promise<string[]> {
  const incoming = (): Promise<string[]> => filesIn(join(folder, '.incoming'));
  let leftovers = await incoming();
  for (let attempt = 0; attempt < 60 && leftovers.length > 0; attempt++) {
    await sleep(50);
    const now = new Set(await incoming());
    leftovers = leftovers.filter((path) => now.has(path));
  }
  return [...leftovers, ...(await filesIn(join(folder, tenantId)))].sort();
}

/** The files in the folder that the process holds open; waits for those that it is about to close. */
export async function heldOpen(pid: number, folder: string): Promise<string[]> {
  let held: string[] = [];
  for (let attempt = 0; attempt < 60; attempt++) {
    const handles = await readdir(`/proc/${pid}/fd`);
    const paths = await Promise.all(
      handles.map((handle) => readlink(`/proc/${pid}/fd/${handle}`).catch(() => '')),
    );
    held = paths.filter((path) => path.startsWith(folder));
    if (held.length === 0) break;
    await sleep(50);
  }
  return held;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
