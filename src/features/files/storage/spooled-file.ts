import { open, rm, type FileHandle } from 'node:fs/promises';
import { OutOfStorageError } from '../../../kernel/errors.js';
import { SegmentedWriter } from '../../../platform/protection/segmented-cipher.js';
import type { FileKey, IncomingFile } from '../file-storage.js';
import type { ObjectStore } from './object-store.js';
import { LAYOUT, LEAD_BYTES, type NewSeal } from './sealed-content.js';
import type { Spool } from './spool.js';

const OWNER_ONLY_FILE = 0o600;
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);

/** OutOfStorageError when the disk is full; anything else as it is. */
export function storageError(error: unknown): unknown {
  return NO_ROOM.has((error as NodeJS.ErrnoException).code ?? '') ? new OutOfStorageError() : error;
}

export interface SpooledFileParts {
  path: string;
  key: FileKey;
  seal: NewSeal;
  objects: ObjectStore;
  spool: Spool;
}

/**
 * An upload written, encrypted as it comes, under a temporary name on the local disk, where it can be judged before
 * anything of it is anywhere else.
 */
export class SpooledFile implements IncomingFile {
  size = 0;
  readonly key: FileKey;
  private sealedBytes = 0;
  private isSettled = false;
  private readonly writer: SegmentedWriter;
  private lastRead: { segment: number; plain: Buffer } | undefined;

  private constructor(
    private readonly parts: SpooledFileParts,
    private readonly handle: FileHandle,
  ) {
    this.key = parts.key;
    this.writer = new SegmentedWriter(LAYOUT, parts.seal.cipher);
  }

  static async create(parts: SpooledFileParts): Promise<SpooledFile> {
    const file = new SpooledFile(parts, await open(parts.path, 'wx+', OWNER_ONLY_FILE));
    try {
      await file.append(Buffer.concat([parts.seal.lead, parts.seal.cipher.header]));
      return file;
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  async write(chunk: Buffer): Promise<void> {
    for (const sealed of this.writer.update(chunk)) await this.append(sealed);
    this.size += chunk.length;
  }

  async end(): Promise<void> {
    await this.append(this.writer.end());
  }

  async readAt(position: number, length: number): Promise<Buffer> {
    const end = Math.min(position + length, this.size);
    const pieces: Buffer[] = [];
    for (let at = position; at < end;) {
      const segment = LAYOUT.segmentOf(at);
      const offset = LAYOUT.plainStartOf(segment);
      const plain = await this.segment(segment);
      pieces.push(plain.subarray(at - offset, end - offset));
      at = offset + plain.length;
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  async keep(): Promise<void> {
    try {
      await this.handle.sync();
      await this.parts.objects.put(this.parts.path, this.key);
    } catch (error) {
      throw storageError(error);
    }
    await this.discard();
  }

  async discard(): Promise<void> {
    if (this.isSettled) return;
    this.isSettled = true;
    await rm(this.parts.path, { force: true });
    await this.handle.close();
  }

  private async append(sealed: Buffer): Promise<void> {
    try {
      await this.parts.spool.assertRoom(sealed.length);
      for (let written = 0; written < sealed.length;) {
        const place = this.sealedBytes + written;
        written += (await this.handle.write(sealed, written, sealed.length - written, place)).bytesWritten;
      }
    } catch (error) {
      throw storageError(error);
    }
    this.sealedBytes += sealed.length;
  }

  private async segment(segment: number): Promise<Buffer> {
    if (this.lastRead?.segment === segment) return this.lastRead.plain;
    const sealedBytes = this.sealedBytes - LEAD_BYTES;
    const { start, end } = LAYOUT.rangeOf(segment, sealedBytes);
    const sealed = Buffer.allocUnsafe(end - start + 1);
    const { bytesRead } = await this.handle.read(sealed, 0, sealed.length, LEAD_BYTES + start);
    const isLast = segment === LAYOUT.countOf(sealedBytes) - 1;
    const plain = this.parts.seal.cipher.open(segment, isLast, sealed.subarray(0, bytesRead));
    this.lastRead = { segment, plain };
    return plain;
  }
}
