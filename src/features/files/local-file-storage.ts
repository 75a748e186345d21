import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { FileStorage, type ByteRange, type FileKey, type IncomingFile } from './file-storage.js';
import { LocalIncomingFile, OWNER_ONLY_FOLDER, storageError } from './local-incoming-file.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INCOMING = '.incoming';
const HELD = '.held';

/**
 * Files on a local disk: `<folder>/<tenant id>/<2 hex digits>/<file id>`, readable by the server's account alone. Paths
 * are made of ids only.
 */
export class LocalFileStorage extends FileStorage {
  private readonly folder: string;

  constructor(folder: string) {
    super();
    this.folder = resolve(folder);
  }

  async receive(): Promise<IncomingFile> {
    try {
      await mkdir(this.inside(INCOMING), OWNER_ONLY_FOLDER);
      return await LocalIncomingFile.create(this.inside(INCOMING, randomUUID()), (key) => this.pathOf(key));
    } catch (error) {
      throw storageError(error);
    }
  }

  async read(key: FileKey, range?: ByteRange): Promise<Readable | undefined> {
    return openToRead(this.pathOf(key), range);
  }

  /** A second name for the same bytes, so nothing is copied. */
  async hold(key: FileKey, holder: string): Promise<boolean> {
    const folder = this.heldFolder(holder);
    try {
      await mkdir(folder, OWNER_ONLY_FOLDER);
      await link(this.pathOf(key), resolve(folder, key.fileId));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw storageError(error);
    }
  }

  async readHeld(fileId: string, holder: string): Promise<Readable | undefined> {
    if (!UUID.test(fileId)) throw new Error('not the id of a file');
    const now = new Date();
    const folder = this.heldFolder(holder);
    // As a sign of life for `removeLeftovers`.
    await utimes(folder, now, now);
    return openToRead(resolve(folder, fileId));
  }

  async release(holder: string): Promise<void> {
    await rm(this.heldFolder(holder), { recursive: true, force: true });
  }

  async remove(key: FileKey): Promise<void> {
    await rm(this.pathOf(key), { force: true });
  }

  async removeTenant(tenantId: string): Promise<void> {
    await rm(this.tenantFolder(tenantId), { recursive: true, force: true });
  }

  async tenantIds(): Promise<string[]> {
    return (await namesIn(this.folder)).filter((name) => UUID.test(name));
  }

  async fileIds(tenantId: string, writtenBefore: Date): Promise<string[]> {
    const found: string[] = [];
    for (const shard of await namesIn(this.tenantFolder(tenantId))) {
      for (const fileId of await namesIn(this.inside(tenantId, shard))) {
        const isOld = UUID.test(fileId) && (await isOlder(this.pathOf({ tenantId, fileId }), writtenBefore));
        if (isOld) found.push(fileId);
      }
    }
    return found;
  }

  async removeLeftovers(writtenBefore: Date): Promise<void> {
    for (const folder of [INCOMING, HELD]) {
      for (const name of await namesIn(this.inside(folder))) {
        const path = this.inside(folder, name);
        if (await isOlder(path, writtenBefore)) await rm(path, { recursive: true, force: true });
      }
    }
  }

  private pathOf({ tenantId, fileId }: FileKey): string {
    if (!UUID.test(fileId)) throw new Error('not the id of a file');
    // The first digits of a UUIDv7 are its time, so they would not spread the files; the last are random.
    return this.inside(this.tenantFolder(tenantId), fileId.slice(-2), fileId);
  }

  private heldFolder(holder: string): string {
    if (!UUID.test(holder)) throw new Error('not the id of a holder');
    return this.inside(HELD, holder);
  }

  private tenantFolder(tenantId: string): string {
    if (!UUID.test(tenantId)) throw new Error('not the id of a tenant');
    return this.inside(tenantId);
  }

  private inside(...parts: string[]): string {
    const path = resolve(this.folder, ...parts);
    if (!path.startsWith(this.folder + sep)) throw new Error('a path outside the storage');
    return path;
  }
}

async function openToRead(path: string, range?: ByteRange): Promise<Readable | undefined> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    return handle.createReadStream(range);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function isOlder(path: string, time: Date): Promise<boolean> {
  try {
    return (await stat(path)).mtime < time;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
