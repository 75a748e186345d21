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

  /** Nothing to remove is no error. */
  abstract remove(key: FileKey): Promise<void>;

  /** Removes all files of the tenant. */
  abstract removeTenant(tenantId: string): Promise<void>;

  /** The tenants of which there are bytes. */
  abstract tenantIds(): Promise<string[]>;

  /** Whether any of the tenant's files were added or removed since the time given. */
  abstract hasChanged(tenantId: string, since: Date): Promise<boolean>;

  /** The ids of the tenant's files whose bytes were written before the time given. */
  abstract fileIds(tenantId: string, writtenBefore: Date): Promise<string[]>;

  /** Removes what uploads begun before the time given left behind when the server was killed. */
  abstract removeLeftovers(writtenBefore: Date): Promise<void>;
}
