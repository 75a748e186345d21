import type { Readable } from 'node:stream';
import type { ByteRange, FileKey } from '../file-storage.js';

/** As many bytes as tell how an object is to be read. */
export const HEAD_BYTES = 64;

/** An object that is open for reading; removing it meanwhile does no harm. */
export interface StoredObject {
  /** Of the object, in bytes. */
  readonly size: number;
  /** Its first bytes: HEAD_BYTES, or all when there are fewer. */
  readonly head: Buffer;
  /** To be called once at most; the object is closed when the stream is. */
  stream(range: ByteRange): Promise<Readable>;
  /** Where no stream was asked for. */
  close(): Promise<void>;
}

/**
 * The port to where objects are kept, one for each file, whatever their bytes mean. Writing throws OutOfStorageError
 * when there is no room. Everything is named by ids; nothing comes from the sender.
 */
export abstract class ObjectStore {
  /** Keeps the bytes of the local file, durably and as one whole or not at all; the file itself may be taken. */
  abstract put(path: string, key: FileKey): Promise<void>;

  /** Undefined when there is none under the key. */
  abstract open(key: FileKey): Promise<StoredObject | undefined>;

  /** Keeps the object readable for the holder (a UUID) whatever is removed meanwhile; false when there is none. */
  abstract hold(key: FileKey, holder: string): Promise<boolean>;

  abstract openHeld(key: FileKey, holder: string): Promise<StoredObject | undefined>;

  /** Nothing to release is no error. */
  abstract release(holder: string): Promise<void>;

  /** Nothing to remove is no error. */
  abstract remove(key: FileKey): Promise<void>;

  abstract removeTenant(tenantId: string): Promise<void>;

  /** The tenants of which there are objects. */
  abstract tenantIds(): Promise<string[]>;

  /** The ids of the tenant's files whose objects were written before the time given. */
  abstract fileIds(tenantId: string, writtenBefore: Date): Promise<string[]>;

  /** Removes what was begun before the time given and never finished, and holds that nobody has used since. */
  abstract removeLeftovers(writtenBefore: Date): Promise<void>;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isUuid = (text: string): boolean => UUID.test(text);

/** The id as it is; throws when it is none, since it becomes part of a name in the store. */
export function idOf(kind: 'file' | 'holder' | 'tenant', id: string): string {
  if (!isUuid(id)) throw new Error(`not the id of a ${kind}`);
  return id;
}
