import { constants } from 'node:fs';
import { link, mkdir, open, rename, rm, utimes } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import type { FileKey } from '../file-storage.js';
import { isMissing, isOlder, namesIn, OWNER_ONLY_FOLDER, removeOlder, syncFolder } from './local-folder.js';
import { HEAD_BYTES, idOf, isUuid, ObjectStore, type StoredObject } from './object-store.js';

const HELD = '.held';

/**
 * Objects on a local disk: `<folder>/<tenant id>/<2 hex digits>/<file id>`, readable by the server's account alone. Paths
 * are made of ids only.
 */
export class LocalObjectStore extends ObjectStore {
  private readonly folder: string;

  constructor(folder: string) {
    super();
    this.folder = resolve(folder);
  }

  /** One rename, so there are never half objects; the file must lie on the same disk and have been synced. */
  async put(path: string, key: FileKey): Promise<void> {
    const target = this.pathOf(key);
    const firstMade = await mkdir(dirname(target), OWNER_ONLY_FOLDER);
    await rename(path, target);
    await syncFolder(dirname(target));
    if (firstMade !== undefined) await syncFolder(dirname(firstMade));
  }

  open(key: FileKey): Promise<StoredObject | undefined> {
    return openObject(this.pathOf(key));
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
      throw error;
    }
  }

  async openHeld({ fileId }: FileKey, holder: string): Promise<StoredObject | undefined> {
    const now = new Date();
    const folder = this.heldFolder(holder);
    // As a sign of life for `removeLeftovers`.
    await utimes(folder, now, now);
    return openObject(resolve(folder, idOf('file', fileId)));
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
    return (await namesIn(this.folder)).filter(isUuid);
  }

  async fileIds(tenantId: string, writtenBefore: Date): Promise<string[]> {
    const found: string[] = [];
    for (const shard of await namesIn(this.tenantFolder(tenantId))) {
      for (const fileId of await namesIn(this.inside(tenantId, shard))) {
        const isOld = isUuid(fileId) && (await isOlder(this.pathOf({ tenantId, fileId }), writtenBefore));
        if (isOld) found.push(fileId);
      }
    }
    return found;
  }

  removeLeftovers(writtenBefore: Date): Promise<void> {
    return removeOlder(this.inside(HELD), writtenBefore);
  }

  private pathOf({ tenantId, fileId }: FileKey): string {
    idOf('file', fileId);
    // The first digits of a UUIDv7 are its time, so they would not spread the files; the last are random.
    return this.inside(this.tenantFolder(tenantId), fileId.slice(-2), fileId);
  }

  private heldFolder(holder: string): string {
    return this.inside(HELD, idOf('holder', holder));
  }

  private tenantFolder(tenantId: string): string {
    return this.inside(idOf('tenant', tenantId));
  }

  private inside(...parts: string[]): string {
    const path = resolve(this.folder, ...parts);
    if (!path.startsWith(this.folder + sep)) throw new Error('a path outside the storage');
    return path;
  }
}

async function openObject(path: string): Promise<StoredObject | undefined> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { size } = await handle.stat();
      const head = Buffer.alloc(Math.min(HEAD_BYTES, size));
      await handle.read(head, 0, head.length, 0);
      return {
        size,
        head,
        stream: (range) => Promise.resolve(handle.createReadStream(range)),
        close: () => handle.close(),
      };
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
