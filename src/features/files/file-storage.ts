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
  /** Under which it will be kept. */
  readonly key: FileKey;
  write(chunk: Buffer): Promise<void>;
  /** After the last byte; only then can it be read and kept. */
  end(): Promise<void>;
  /** Makes the bytes durable under the key. */
  keep(): Promise<void>;
  /** Does nothing after `keep`. */
  discard(): Promise<void>;
}

export interface ReadOptions {
  range?: ByteRange | undefined;
  /** Whether bytes stored before contents were encrypted are given as well; without it they count as forged. */
  mayBePlain?: boolean;
}

/**
 * The one port to the contents of files, which are encrypted under keys of their tenants wherever they are kept. Writing
 * throws OutOfStorageError when there is no room; reading what was changed in its place fails.
 */
export abstract class FileStorage {
  abstract receive(key: FileKey): Promise<IncomingFile>;

  /** The content, or undefined when there is none under the key. */
  abstract read(key: FileKey, options?: ReadOptions): Promise<Readable | undefined>;

  abstract has(key: FileKey): Promise<boolean>;

  /**
   * Lets the holder (a UUID) read the content until it releases it, whatever is removed meanwhile; false when there is
   * none under the key. What is held and not read for an hour may be released as if by itself.
   */
  abstract hold(key: FileKey, holder: string): Promise<boolean>;

  /** The content that is held, encrypted or from before, or undefined when it is not. */
  abstract readHeld(key: FileKey, holder: string): Promise<Readable | undefined>;

  /** Nothing to release is no error. */
  abstract release(holder: string): Promise<void>;

  /** Nothing to remove is no error. */
  abstract remove(key: FileKey): Promise<void>;

  /** Removes all files of the tenant. */
  abstract removeTenant(tenantId: string): Promise<void>;

  /** The tenants of which there are contents. */
  abstract tenantIds(): Promise<string[]>;

  /** The ids of the tenant's files whose contents were written before the time given. */
  abstract fileIds(tenantId: string, writtenBefore: Date): Promise<string[]>;

  /** Removes what uploads begun before the time given left behind when the server was killed. */
  abstract removeLeftovers(writtenBefore: Date): Promise<void>;
}
