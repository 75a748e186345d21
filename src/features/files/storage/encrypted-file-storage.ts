import { Readable } from 'node:stream';
import { SealBrokenError } from '../../../platform/protection/segmented-cipher.js';
import type { TenantKeys } from '../../../platform/protection/tenant-keys.js';
import { FileStorage, type FileKey, type IncomingFile, type ReadOptions } from '../file-storage.js';
import type { ObjectStore, StoredObject } from './object-store.js';
import { isSealed, kidOf, newSeal, openSealed } from './sealed-content.js';
import type { Spool } from './spool.js';
import { SpooledFile, storageError } from './spooled-file.js';

/** Contents of files as sealed objects, in whatever store: see docs/files.md for their format. */
export class EncryptedFileStorage extends FileStorage {
  constructor(
    private readonly objects: ObjectStore,
    private readonly spool: Spool,
    private readonly keys: Pick<TenantKeys, 'current' | 'named'>,
  ) {
    super();
  }

  async receive(key: FileKey): Promise<IncomingFile> {
    const seal = newSeal(await this.keys.current(key.tenantId, 'files'), key);
    try {
      const { objects, spool } = this;
      return await SpooledFile.create({ path: await spool.place(), key, seal, objects, spool });
    } catch (error) {
      throw storageError(error);
    }
  }

  async read(key: FileKey, options: ReadOptions = {}): Promise<Readable | undefined> {
    const object = await this.objects.open(key);
    return object && this.contentOf(object, key, options);
  }

  async has(key: FileKey): Promise<boolean> {
    const object = await this.objects.open(key);
    await object?.close();
    return object !== undefined;
  }

  async hold(key: FileKey, holder: string): Promise<boolean> {
    try {
      return await this.objects.hold(key, holder);
    } catch (error) {
      throw storageError(error);
    }
  }

  async readHeld(key: FileKey, holder: string): Promise<Readable | undefined> {
    const object = await this.objects.openHeld(key, holder);
    return object && this.contentOf(object, key, { mayBePlain: true });
  }

  release(holder: string): Promise<void> {
    return this.objects.release(holder);
  }

  remove(key: FileKey): Promise<void> {
    return this.objects.remove(key);
  }

  removeTenant(tenantId: string): Promise<void> {
    return this.objects.removeTenant(tenantId);
  }

  tenantIds(): Promise<string[]> {
    return this.objects.tenantIds();
  }

  fileIds(tenantId: string, writtenBefore: Date): Promise<string[]> {
    return this.objects.fileIds(tenantId, writtenBefore);
  }

  async removeLeftovers(writtenBefore: Date): Promise<void> {
    await this.spool.removeLeftovers(writtenBefore);
    await this.objects.removeLeftovers(writtenBefore);
  }

  private async contentOf(
    object: StoredObject,
    key: FileKey,
    { range, mayBePlain = false }: ReadOptions,
  ): Promise<Readable> {
    if (isSealed(object)) return openSealed(object, await this.keyOf(object, key), key, range);
    if (!mayBePlain) {
      await object.close();
      throw new SealBrokenError();
    }
    if (object.size > 0) return object.stream(range ?? { start: 0, end: object.size - 1 });
    await object.close();
    return Readable.from([], { objectMode: false });
  }

  private async keyOf(object: StoredObject, { tenantId }: FileKey): Promise<Uint8Array> {
    try {
      return (await this.keys.named(tenantId, kidOf(object))).key;
    } catch (error) {
      await object.close();
      throw error;
    }
  }
}
