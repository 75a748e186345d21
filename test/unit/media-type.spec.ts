import { StreamInspector } from '../../src/features/files/recognition/stream-inspector.js';
import { recognise } from '../../src/features/files/recognition/media-type.js';
import { pngWith, samples, zipOf } from '../support/sample-files.js';

const OOXML = 'application/vnd.openxmlformats-officedocument';

async function typeOf(bytes: Buffer, chunkBytes = 1000): Promise<string | undefined> {
  const inspector = new StreamInspector();
  for (let at = 0; at < bytes.length; at += chunkBytes) inspector.update(bytes.subarray(at, at + chunkBytes));
  const readAt = (at: number, length: number) => Promise.resolve(bytes.subarray(at, at + length));
  return recognise({ size: bytes.length, readAt }, inspector.finish());
}

const rar = Buffer.from('Rar!\x1a\x07\x00', 'latin1');
const { png, jpeg, gif, webp, pdf, zip, docx } = samples;

describe('the type of a file', () => {
  it.each([
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
    ['gif', 'image/gif'],
    ['webp', 'image/webp'],
    ['pdf', 'application/pdf'],
    ['txt', 'text/plain'],
    ['csv', 'text/plain'],
    ['zip', 'application/zip'],
    ['docx', `${OOXML}.wordprocessingml.document`],
    ['xlsx', `${OOXML}.spreadsheetml.sheet`],
    ['pptx', `${OOXML}.presentationml.presentation`],
  ] as const)('of a %s is %s, in whatever pieces it comes', async (sample, type) => {
    expect(await typeOf(samples[sample])).toBe(type);
    expect(await typeOf(samples[sample], 1)).toBe(type);
  });

  it('is one JPEG after the other for the pictures of phones', async () =>
    expect(await typeOf(Buffer.concat([jpeg, jpeg]))).toBe('image/jpeg'));

  const refused: Record<string, Buffer> = {
    'nothing known': Buffer.from([1, 2, 3, 4, 5, 250]),
    'text with NUL': Buffer.from('a\0b'),
    'text in Latin-1': Buffer.from('Gr\xfc\xdfe', 'latin1'),
    'text that breaks off in a character': Buffer.from('é').subarray(0, 1),
    'an executable': Buffer.from('MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff', 'latin1'),
    'a PNG in a ZIP': Buffer.concat([png, zip]),
    'a PNG with bytes behind it': Buffer.concat([png, Buffer.from('x')]),
    'a PNG that breaks off': png.subarray(0, -1),
    'a PNG that holds a ZIP': pngWith(zip),
    'a PNG that holds a RAR': pngWith(Buffer.concat([Buffer.alloc(70_000), rar])),
    'a PNG that is a PDF': pngWith(Buffer.from('%PDF-1.4 %%EOF')),
    'a JPEG with a RAR behind it': Buffer.concat([jpeg, rar]),
    'a JPEG with a script behind it': Buffer.concat([jpeg, Buffer.from('<?php ?>')]),
    'a GIF with bytes behind it': Buffer.concat([gif, Buffer.from('<script>')]),
    'a WebP with bytes behind it': Buffer.concat([webp, zip]),
    'a PDF with a ZIP behind it': Buffer.concat([pdf, zip]),
    'a PDF with a script behind it': Buffer.concat([pdf, Buffer.from('<script>')]),
    'a PDF of text with a ZIP behind it': Buffer.concat([Buffer.from('%PDF-1.4\n%%EOF\n'), zip]),
    'a ZIP with bytes before it': Buffer.concat([Buffer.from('PK\x03\x04'), zip]),
    'a ZIP with bytes behind it': Buffer.concat([zip, Buffer.from('MZ')]),
    'a ZIP whose names leave the folder': zipOf({ '../a': 'a' }),
    'a ZIP that unpacks to very much': zipOf({ a: 'a' }, 0x7fffffff),
    'a ZIP with many entries': zipOf(
      Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`f${n}`, ''])),
    ),
    'a DOCX with macros': zipOf({
      '[Content_Types].xml': '',
      'word/document.xml': '',
      'word/vbaProject.bin': '',
    }),
    'two Office documents in one': zipOf({
      '[Content_Types].xml': '',
      'word/document.xml': '',
      'xl/workbook.xml': '',
    }),
    'a DOCX that breaks off': docx.subarray(0, -1),
    'an ELF': Buffer.from('\x7fELF\x02\x01\x01', 'latin1'),
  };
  it.each(Object.entries(refused))('is none for %s', async (_, bytes) =>
    expect(await typeOf(bytes)).toBeUndefined(),
  );

  it.each([
    ['a JAR', { 'META-INF/MANIFEST.MF': 'Manifest-Version: 1.0' }],
    ['an EPUB', { mimetype: 'application/epub+zip' }],
  ])('is not ZIP for %s', async (_, entries) => {
    expect(await typeOf(zipOf(entries as Record<string, string>))).not.toBe('application/zip');
  });

  it('is found in broken files of every length without an error', async () => {
    for (const sample of Object.values(samples))
      for (let length = 1; length < Math.min(sample.length, 400); length += 7)
        await typeOf(sample.subarray(0, length));
  });
});
