import { Readable } from 'node:stream';
import {
  SealBrokenError,
  SegmentedCipher,
  SegmentLayout,
  type SegmentedFormat,
} from '../../../platform/protection/segmented-cipher.js';
import type { DataKey } from '../../../platform/protection/tenant-keys.js';
import type { ByteRange, FileKey } from '../file-storage.js';
import { HEAD_BYTES, type StoredObject } from './object-store.js';

const FORMAT: SegmentedFormat = { hash: 'sha256', derivedKeyBytes: 32, segmentBytes: 64 * 1024 };
export const LAYOUT = new SegmentLayout(FORMAT);

/** Begins every sealed object, and none from before: no type that was ever accepted begins with it. The last byte is the version. */
const MARK = Buffer.from('\x89RFFILE\x01', 'latin1');
const KID_BYTES = 16;
/** Before the ciphertext: the mark, and the name of the key that is sealed under. */
export const LEAD_BYTES = MARK.length + KID_BYTES;
if (LEAD_BYTES + LAYOUT.headerBytes !== HEAD_BYTES) throw new Error('the head of objects has another length');

/** Binds a content to its place: moved to another file or tenant, it does not open. */
const boundTo = ({ tenantId, fileId }: FileKey): string => `ringfence/file/${tenantId}/${fileId}`;

/** How a sealed object begins, and what seals its content. */
export interface NewSeal {
  lead: Buffer;
  cipher: SegmentedCipher;
}

export const newSeal = ({ kid, key: dataKey }: DataKey, key: FileKey): NewSeal => ({
  lead: Buffer.concat([MARK, Buffer.from(kid.replaceAll('-', ''), 'hex')]),
  cipher: SegmentedCipher.create(FORMAT, dataKey, boundTo(key)),
});

export const isSealed = ({ head }: StoredObject): boolean => head.subarray(0, MARK.length).equals(MARK);

/** Names the data key of a sealed object, as a UUID. */
export const kidOf = ({ head }: StoredObject): string =>
  head
    .subarray(MARK.length, LEAD_BYTES)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.*)$/, '$1-$2-$3-$4-$5');

/**
 * The content, or the part of it, of a sealed object. Reads only the segments that it needs. Rejects with SealBrokenError
 * when the first of them does not open; the stream ends with it when a later one does not.
 */
export async function openSealed(
  object: StoredObject,
  dataKey: Uint8Array,
  key: FileKey,
  range?: ByteRange,
): Promise<Readable> {
  try {
    const cipher = SegmentedCipher.of(FORMAT, dataKey, boundTo(key), object.head.subarray(LEAD_BYTES));
    const sealedBytes = object.size - LEAD_BYTES;
    const wanted = range ?? { start: 0, end: LAYOUT.plainSizeOf(sealedBytes) - 1 };
    const pieces = opened(object, cipher, sealedBytes, wanted);
    const first = await pieces.next();
    const content = Readable.from(pieces, { objectMode: false });
    if (!first.done) content.unshift(first.value);
    return content;
  } catch (error) {
    await object.close();
    throw error;
  }
}

async function* opened(
  object: StoredObject,
  cipher: SegmentedCipher,
  sealedBytes: number,
  { start, end }: ByteRange,
): AsyncGenerator<Buffer> {
  const last = LAYOUT.countOf(sealedBytes) - 1;
  const from = LAYOUT.segmentOf(start);
  const to = LAYOUT.segmentOf(Math.max(start, end));
  if (to > last) throw new SealBrokenError();
  const source = await object.stream({
    start: LEAD_BYTES + LAYOUT.rangeOf(from, sealedBytes).start,
    end: LEAD_BYTES + LAYOUT.rangeOf(to, sealedBytes).end,
  });
  const reader = new ExactReader(source);
  try {
    for (let segment = from; segment <= to; segment++) {
      const bytes = LAYOUT.rangeOf(segment, sealedBytes);
      const sealed = await reader.take(bytes.end - bytes.start + 1);
      const plain = cipher.open(segment, segment === last, sealed);
      const offset = LAYOUT.plainStartOf(segment);
      yield plain.subarray(Math.max(0, start - offset), end + 1 - offset);
    }
  } finally {
    source.destroy();
  }
}

/** Reads a stream in pieces of the lengths asked for. */
class ExactReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(source: Readable) {
    this.chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Throws SealBrokenError when the stream ends before. */
  async take(length: number): Promise<Buffer> {
    const parts = [this.rest];
    let bytes = this.rest.length;
    while (bytes < length) {
      const next = await this.chunks.next();
      if (next.done) throw new SealBrokenError();
      parts.push(next.value);
      bytes += next.value.length;
    }
    const all = parts.length === 1 ? this.rest : Buffer.concat(parts);
    this.rest = all.subarray(length);
    return all.subarray(0, length);
  }
}
