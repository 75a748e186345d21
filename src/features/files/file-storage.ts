import type { Readable } from 'node:stream';

/** Where a file's bytes are; nothing in it comes from the sender. */
export interface FileKey {
  tenantId: string;
  fileId: string;
}

/** First and last byte, both inclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Bytes that can be read at any place. */
export interface ByteSource {
  readonly size: number;
  /** Fewer bytes than asked for at the end. */
  readAt(position: number, length: number): Promise<Buffer>;
}

/** An upload under way. It is nobody's file until it is kept, and leaves nothing behind when it is discarded. */
export interface IncomingFile extends ByteSource {
  write(chunk: Buffer): Promise<void>;
  /** Makes the bytes durable under the key. */
  keep(key: FileKey): Promise<void>;
  /** Does nothing after `keep`. */
  discard(): Promise<void>;
}

/** The one port to where the bytes of files are kept. Writing throws OutOfStorageError when there is no room. */
export abstract class FileStorage {
  abstract receive(): Promise<IncomingFile>;

  /** The bytes, or undefined when there are none under the key. */
  abstract read(key: FileKey, range?: ByteRange): Promise<Readable | undefined>;

  /**
   * Lets the holder (a UUID) read the bytes until it releases them, whatever is removed meanwhile; false when there are
   * none under the key. What is held and not read for an hour may be released as if by itself.
   */
  abstract hold(key: FileKey, holder: string): Promise<boolean>;

  /** The bytes that are held, or undefined when they are not. */
  abstract readHeld(fileId: string, holder: string): Promise<Readable | undefined>;

  /** Nothing to release is no error. */
  abstract release(holder: string): Promise<void>;

  /** Nothing to remove is no error. */
  abstract remove(key: FileKey): Promise<void>;

  /** Removes all files of the tenant. */
  abstract removeTenant(tenantId: string): Promise<void>;

  /** The tenants of which there are bytes. */
  abstract tenantIds(): Promise<string[]>;

  /** The ids of the tenant's files whose bytes were written before the time given. */
  abstract fileIds(tenantId: string, writtenBefore: Date): Promise<string[]>;

  /** Removes what uploads begun before the time given left behind when the server was killed. */
  abstract removeLeftovers(writtenBefore: Date): Promise<void>;
}
