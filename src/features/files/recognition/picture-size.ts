import type { ByteSource } from '../file-storage.js';

/** What a picture may be unpacked to; at four bytes a pixel, one gibibyte. */
const MAX_PIXELS = 2 ** 28;

interface Size {
  width: number;
  height: number;
}

/**
 * Whether the picture says of itself that it has pixels, and not so many that showing it would take all memory. Reads
 * headers alone; frames of animations lie within the size of the whole.
 */
export async function hasBearableSize(mediaType: string, source: ByteSource): Promise<boolean> {
  const size = await READERS[mediaType]?.(source);
  return size !== undefined && size.width > 0 && size.height > 0 && size.width * size.height <= MAX_PIXELS;
}

const READERS: Readonly<Record<string, (source: ByteSource) => Promise<Size | undefined>>> = {
  'image/png': async (source) => {
    const head = await source.readAt(0, 24);
    return head.length < 24 ? undefined : { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
  },
  'image/gif': async (source) => {
    const head = await source.readAt(0, 10);
    return head.length < 10 ? undefined : { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
  },
  'image/webp': webpSize,
  'image/jpeg': jpegSize,
};

/** RFC 9649: a lossy, a lossless or an extended file. */
async function webpSize(source: ByteSource): Promise<Size | undefined> {
  const head = await source.readAt(0, 30);
  if (head.length < 30) return undefined;
  const kind = head.toString('latin1', 12, 16);
  if (kind === 'VP8 ')
    return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
  if (kind === 'VP8X') return { width: 1 + head.readUIntLE(24, 3), height: 1 + head.readUIntLE(27, 3) };
  if (kind !== 'VP8L') return undefined;
  const bits = head.readUInt32LE(21);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

/** The first frame header (SOF) tells; ITU T.81, B.2.2. */
async function jpegSize(source: ByteSource): Promise<Size | undefined> {
  for (let position = 2; ;) {
    const header = await source.readAt(position, 9);
    if (header.length < 9 || header[0] !== 0xff) return undefined;
    const marker = header[1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: header.readUInt16BE(7), height: header.readUInt16BE(5) };
    position += marker === 0xff ? 1 : 2 + header.readUInt16BE(2);
  }
}
