import { crc32, deflateSync } from 'node:zlib';

const u16 = (value: number) => Buffer.from([value & 255, (value >> 8) & 255]);
const u32 = (value: number) => Buffer.concat([u16(value & 0xffff), u16(value >>> 16)]);
const be32 = (value: number) => Buffer.from(u32(value)).reverse();

/** A ZIP archive of stored entries, in the order given. */
export function zipOf(entries: Record<string, Buffer | string>, unpackedBytes?: number): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(entries)) {
    const content = Buffer.from(text);
    const path = Buffer.from(name);
    const sizes = [u32(crc32(content)), u32(content.length), u32(unpackedBytes ?? content.length)];
    const common = [u16(20), u16(0x800), u16(0), u16(0), u16(0), ...sizes, u16(path.length), u16(0)];
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), ...common, path, content]);
    directory.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02'),
        u16(20),
        ...common,
        u16(0),
        u16(0),
        u16(0),
        u32(0),
        u32(offset),
        path,
      ]),
    );
    locals.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(directory);
  const count = u16(directory.length);
  const end = [Buffer.from('PK\x05\x06'), u32(0), count, count, u32(list.length), u32(offset), u16(0)];
  return Buffer.concat([...locals, list, ...end]);
}

function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  return Buffer.concat([be32(content.length), body, be32(crc32(body))]);
}

const ihdr = Buffer.concat([be32(1), be32(1), Buffer.from([8, 2, 0, 0, 0])]);

/** A PNG with a further chunk of this text. */
export const pngWith = (text: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', ihdr),
    pngChunk('tEXt', text),
    pngChunk('IDAT', deflateSync(Buffer.alloc(4))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);

const office = (part: string) => ({
  'docProps/app.xml': 'x'.repeat(6000),
  '[Content_Types].xml': '<T/>',
  [part]: '<d/>',
});

export const samples = {
  png: pngWith(Buffer.from('Comment\0hello')),
  jpeg: Buffer.from(
    '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k=',
    'base64',
  ),
  gif: Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'),
  webp: Buffer.from('UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA', 'base64'),
  pdf: Buffer.from(
    '%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n9\n%%EOF\n',
    'latin1',
  ),
  txt: Buffer.from('Grüße\tan alle\r\n'),
  csv: Buffer.from('a,b\n1,2\n'),
  zip: zipOf({ 'a.txt': 'a' }),
  docx: zipOf(office('word/document.xml')),
  xlsx: zipOf(office('xl/workbook.xml')),
  pptx: zipOf(office('ppt/presentation.xml')),
};
