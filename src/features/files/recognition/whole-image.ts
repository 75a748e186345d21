import type { ByteSource } from '../file-storage.js';

/*
 * Each function walks the structure of a picture from its first byte and says whether it ends, well formed, with the
 * file's last byte: what follows a picture's end is invisible, and may be anything. Nothing is decoded.
 */

const SCAN_BYTES = 64 * 1024;

export async function isWholePng(source: ByteSource): Promise<boolean> {
  let position = 8;
  while (position + 12 <= source.size) {
    const chunk = await source.readAt(position, 8);
    const type = chunk.toString('latin1', 4, 8);
    if ((position === 8) !== (type === 'IHDR')) return false;
    position += 12 + chunk.readUInt32BE(0);
    if (type === 'IEND') return position === source.size;
  }
  return false;
}

export async function isWholeWebp(source: ByteSource): Promise<boolean> {
  if (source.size < 20) return false;
  const head = await source.readAt(0, 12);
  if (8 + head.readUInt32LE(4) !== source.size) return false;
  let position = 12;
  while (position + 8 <= source.size) {
    const length = (await source.readAt(position, 8)).readUInt32LE(4);
    position += 8 + length + (length % 2);
  }
  return position === source.size;
}

export async function isWholeGif(source: ByteSource): Promise<boolean> {
  if (source.size < 14) return false;
  const colours = (packed: number) => (packed & 0x80 ? 3 * 2 ** ((packed & 7) + 1) : 0);
  let position = 13 + colours((await source.readAt(10, 1))[0]!);
  for (;;) {
    const [introducer] = await source.readAt(position, 1);
    if (introducer === 0x3b) return position + 1 === source.size;
    if (introducer === 0x21) position += 2;
    else if (introducer === 0x2c) {
      const descriptor = await source.readAt(position, 10);
      if (descriptor.length < 10) return false;
      position += 11 + colours(descriptor[9]!);
    } else return false;
    for (let length = -1; length !== 0;) {
      length = (await source.readAt(position, 1))[0] ?? -1;
      if (length < 0) return false;
      position += 1 + length;
    }
  }
}

/** Further JPEGs may follow the first, as in the pictures of phones (Multi-Picture Format, gain maps). */
export async function isWholeJpeg(source: ByteSource): Promise<boolean> {
  let position = 0;
  for (;;) {
    const header = await source.readAt(position, 4);
    if (header.length < 2 || header[0] !== 0xff) return false;
    const marker = header[1]!;
    if (marker === 0xff) position += 1;
    else if (marker === 0xd9) {
      position += 2;
      if (position === source.size) return true;
      if (!(await source.readAt(position, 3)).equals(JPEG_START)) return false;
    } else if (marker === 0xd8 || marker === 0x01) position += 2;
    else {
      if (header.length < 4 || marker < 0xc0) return false;
      position += 2 + header.readUInt16BE(2);
      if (marker === 0xda) position = await nextMarker(source, position);
    }
  }
}

const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);

/** Where the first marker after entropy-coded data is; the size of the source when there is none. */
async function nextMarker(source: ByteSource, from: number): Promise<number> {
  for (let position = from; position < source.size; position += SCAN_BYTES - 1) {
    const data = await source.readAt(position, SCAN_BYTES);
    for (let at = data.indexOf(0xff); at >= 0 && at + 1 < data.length; at = data.indexOf(0xff, at + 1)) {
      const next = data[at + 1]!;
      const isData = next === 0x00 || next === 0xff || (next >= 0xd0 && next <= 0xd7);
      if (!isData) return position + at;
    }
  }
  return source.size;
}
