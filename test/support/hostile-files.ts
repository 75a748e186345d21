import { crc32, deflateSync } from 'node:zlib';
import { samples, zipOf } from './sample-files.js';

/** A file that must be refused: what it is, its bytes, the name under which it is sent, the answer. */
export type HostileFile = [what: string, bytes: Buffer, name: string, status: 415 | 422];

type Sample = keyof typeof samples;
const NAMES = Object.keys(samples) as Sample[];
const PICTURES: Sample[] = ['png', 'jpeg', 'gif', 'webp'];
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Every kind under the name of every other; what is text is also CSV, and the other way round. */
const wrongTypes = NAMES.flatMap((sample) =>
  NAMES.filter((other) => other !== sample && !(isText(sample) && isText(other))).map(
    (other): HostileFile => [`${sample} called .${other}`, samples[sample], `a.${other}`, 415],
  ),
);
function isText(sample: Sample): boolean {
  return sample === 'txt' || sample === 'csv';
}

const PARASITES: Record<string, Buffer> = {
  'a ZIP': samples.zip,
  'a RAR': latin1('Rar!\x1a\x07\x00'),
  'a 7z': latin1("7z\xbc\xaf'\x1c\x00\x04"),
  HTML: latin1('<html><script>alert(1)</script></html>'),
  PHP: latin1('<?php system($_GET["c"]); ?>'),
  'an executable': latin1('MZ\x90\0\x03\0\0\0PE\0\0'),
  'an ELF': latin1('\x7fELF\x02\x01\x01'),
};
const polyglots = ([...PICTURES, 'pdf'] as Sample[]).flatMap((sample) =>
  Object.entries(PARASITES).flatMap(([what, bytes]): HostileFile[] => [
    [`${sample} with ${what} behind it`, Buffer.concat([samples[sample], bytes]), `a.${sample}`, 415],
    [`${sample} with ${what} before it`, Buffer.concat([bytes, samples[sample]]), `a.${sample}`, 415],
  ]),
);

const brokenOff = NAMES.filter((sample) => !isText(sample)).map((sample): HostileFile => {
  const bytes = samples[sample];
  return [`${sample} that breaks off`, bytes.subarray(0, Math.floor(bytes.length * 0.7)), `a.${sample}`, 415];
});

const EXTENSIONS =
  'html htm svg js mjs php jsp exe dll bat cmd ps1 sh py hta lnk docm xlsm pptm doc xls jar apk epub odt swf xml tar gz 7z rar iso';
const unwanted = EXTENSIONS.split(' ').map((extension): HostileFile => [
  `a file called .${extension}`,
  Buffer.from('text'),
  `a.${extension}`,
  415,
]);

const LEAVING = [
  '../a',
  '..\\a',
  '/a',
  '\\a',
  'C:\\a',
  'a/../../b',
  'a\\..\\..\\b',
  '..',
  'a\0b',
  '//host/a',
];
const slips = LEAVING.flatMap((path): HostileFile[] => [
  [`a ZIP with the path ${JSON.stringify(path)}`, zipOf({ [path]: 'x' }), 'a.zip', 415],
  [`a DOCX with the path ${JSON.stringify(path)}`, officeWith(path), 'a.docx', 415],
]);
function officeWith(path: string): Buffer {
  return zipOf({ '[Content_Types].xml': '<T/>', 'word/document.xml': '<d/>', [path]: 'x' });
}

const NESTED = ['zip', 'jar', '7z', 'rar', 'gz', 'tgz', 'tar', 'bz2', 'xz', 'cab', 'iso', 'ZIP'];
const nested = NESTED.map((extension): HostileFile => [
  `a ZIP that holds a .${extension}`,
  zipOf({ [`inner.${extension}`]: samples.zip }),
  'a.zip',
  415,
]);

const macros = [
  'word/vbaProject.bin',
  'xl/vbaProject.bin',
  'word/VBAPROJECT.BIN',
  'ppt/activeX/activeX1.bin',
].map((part): HostileFile => [`a DOCX with ${part}`, officeWith(part), 'a.docx', 415]);

/** The mark at an offset of the only entry's line in the directory. */
function patched(zip: Buffer, offset: number, bytes: number[]): Buffer {
  const copy = Buffer.from(zip);
  const at = copy.lastIndexOf(latin1('PK\x01\x02')) + offset;
  bytes.forEach((byte, index) => (copy[at + index] = byte));
  return copy;
}
const archives: HostileFile[] = [
  ['a ZIP that unpacks to two gigabytes', zipOf({ a: 'a' }, 0x7fffffff), 'a.zip', 415],
  [
    'a DOCX that unpacks to two gigabytes',
    zipOf({ '[Content_Types].xml': '', 'word/document.xml': 'a' }, 0x7fffffff),
    'a.docx',
    415,
  ],
  [
    'a ZIP of too many files',
    zipOf(Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`f${n}`, '']))),
    'a.zip',
    415,
  ],
  ['a ZIP with a symbolic link', patched(samples.zip, 38, [0, 0, 0xff, 0xa1]), 'a.zip', 415],
  ['a ZIP that counts wrongly', patched(samples.zip, 46 + 5 + 8, [9, 0, 9, 0]), 'a.zip', 415],
  [
    'two Office documents in one',
    zipOf({ '[Content_Types].xml': '', 'word/document.xml': '', 'xl/workbook.xml': '' }),
    'a.docx',
    415,
  ],
];

function pngOf(width: number, height: number): Buffer {
  const chunk = (type: string, content: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), content]);
    const edges = Buffer.alloc(8);
    edges.writeUInt32BE(content.length, 0);
    edges.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([edges.subarray(0, 4), body, edges.subarray(4)]);
  };
  const header = Buffer.from('00000000000000000802000000', 'hex');
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const parts = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(4))),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([samples.png.subarray(0, 8), ...parts]);
}
function gifOf(width: number, height: number): Buffer {
  const gif = Buffer.from(samples.gif);
  gif.writeUInt16LE(width, 6);
  gif.writeUInt16LE(height, 8);
  return gif;
}
const pixels: HostileFile[] = [
  ['a PNG of 50,000 by 50,000', pngOf(50_000, 50_000), 'a.png', 415],
  ['a PNG of two billion by one billion', pngOf(0x7fffffff, 0x3fffffff), 'a.png', 415],
  ['a PNG without a pixel', pngOf(0, 0), 'a.png', 415],
  ['a GIF of 65,535 by 65,535', gifOf(0xffff, 0xffff), 'a.gif', 415],
  ['a GIF without a pixel', gifOf(0, 1), 'a.gif', 415],
];

const texts: HostileFile[] = [
  ['nothing', Buffer.alloc(0), 'a.txt', 422],
  ['nothing at all', Buffer.alloc(0), 'a.pdf', 422],
  ['text with NUL', Buffer.from('a\0b'), 'a.txt', 415],
  ['text in UTF-16', Buffer.from('\ufefftext', 'utf16le'), 'a.txt', 415],
  ['text in Latin-1', latin1('Gr\xfc\xdfe'), 'a.txt', 415],
  ['text with escapes of a terminal', latin1('\x1b[2J'), 'a.txt', 415],
  ['random bytes', latin1('\x01\x02\xfe\xff\x80'), 'a.csv', 415],
  ['no extension', Buffer.from('x'), 'text', 415],
  ['a name of dots', Buffer.from('x'), '..', 422],
];

export const HOSTILE_FILES: readonly HostileFile[] = [
  ...wrongTypes,
  ...polyglots,
  ...brokenOff,
  ...unwanted,
  ...slips,
  ...nested,
  ...macros,
  ...archives,
  ...pixels,
  ...texts,
];
