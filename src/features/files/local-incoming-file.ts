import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OutOfStorageError } from '../../kernel/errors.js';
import type { FileKey, IncomingFile } from './file-storage.js';

export const OWNER_ONLY_FOLDER = { recursive: true, mode: 0o700 } as const;
const OWNER_ONLY_FILE = 0o600;
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);

/** OutOfStorageError when the disk is full; anything else as it is. */
export function storageError(error: unknown): unknown {
  return NO_ROOM.has((error as NodeJS.ErrnoException).code ?? '') ? new OutOfStorageError() : error;
}

/** An upload written under a temporary name; keeping it is one rename, so there are never half files. */
export class LocalIncomingFile implements IncomingFile {
  size = 0;
  private isSettled = false;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly pathOf: (key: FileKey) => string,
  ) {}

  static async create(path: string, pathOf: (key: FileKey) => string): Promise<LocalIncomingFile> {
    return new LocalIncomingFile(path, await open(path, 'wx+', OWNER_ONLY_FILE), pathOf);
  }

  async write(chunk: Buffer): Promise<void> {
    try {
      for (let written = 0; written < chunk.length;) {
        const position = this.size + written;
        written += (await this.handle.write(chunk, written, chunk.length - written, position)).bytesWritten;
      }
    } catch (error) {
      throw storageError(error);
    }
    this.size += chunk.length;
  }

  async readAt(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, this.size - position)));
    const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, position);
    return buffer.subarray(0, bytesRead);
  }

  async keep(key: FileKey): Promise<void> {
    const target = this.pathOf(key);
    try {
      await this.handle.sync();
      const firstMade = await mkdir(dirname(target), OWNER_ONLY_FOLDER);
      await rename(this.path, target);
      await syncFolder(dirname(target));
      if (firstMade !== undefined) await syncFolder(dirname(firstMade));
    } catch (error) {
      throw storageError(error);
    }
    this.isSettled = true;
    await this.handle.close();
  }

  async discard(): Promise<void> {
    if (this.isSettled) return;
    this.isSettled = true;
    await rm(this.path, { force: true });
    await this.handle.close();
  }
}

/** A rename survives a power cut only when the folder was written too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
