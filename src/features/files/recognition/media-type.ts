import { fileTypeFromBuffer } from 'file-type/core';
import type { ByteSource } from '../file-storage.js';
import { BufferedSource } from './buffered-source.js';
import { hasBearableSize } from './picture-size.js';
import type { StreamFacts } from './stream-inspector.js';
import { isWholeGif, isWholeJpeg, isWholePng, isWholeWebp } from './whole-image.js';
import { endsLikeZip, readZipNames } from './zip-directory.js';

const PDF_MARK = Buffer.from('%PDF-');
/** Where readers look for the mark of a PDF, and for its end. */
const PDF_SEARCH_BYTES = 1024;
const ZIP_MARK = Buffer.from('PK\x03\x04', 'latin1');
const OOXML = 'application/vnd.openxmlformats-officedocument';
const OOXML_PARTS = [
  ['word/document', `${OOXML}.wordprocessingml.document`],
  ['xl/workbook', `${OOXML}.spreadsheetml.sheet`],
  ['ppt/presentation', `${OOXML}.presentationml.presentation`],
] as const;

/** Programs in an Office document; names of parts are the same in upper and lower case (ECMA-376-2, 6.2.2.3). */
const MACROS = /(^|\/)(vbaProject\.bin$|activeX\/)/i;

const WHOLE_IMAGE: Readonly<Record<string, (source: ByteSource) => Promise<boolean>>> = {
  'image/png': isWholePng,
  'image/jpeg': isWholeJpeg,
  'image/webp': isWholeWebp,
  'image/gif': isWholeGif,
};

/**
 * What the bytes are, and nothing else besides: undefined for a file that is broken, unknown, or two things at once
 * (a picture with an archive behind it). Text is `text/plain`, whatever it says.
 */
export async function recognise(source: ByteSource, facts: StreamFacts): Promise<string | undefined> {
  const { head } = facts;
  if (head.indexOf(PDF_MARK) === 0) return (await isLonePdf(source, facts)) ? 'application/pdf' : undefined;
  if (facts.isText) return 'text/plain';
  const detected = await detect(head);
  if (head.subarray(0, 4).equals(ZIP_MARK)) return recogniseZip(source, detected);
  const isWhole = detected === undefined ? undefined : WHOLE_IMAGE[detected];
  if (!isWhole) return undefined;
  if (head.subarray(0, PDF_SEARCH_BYTES).includes(PDF_MARK) || (await hasArchive(source, facts)))
    return undefined;
  const isSound = (await isWhole(new BufferedSource(source))) && (await hasBearableSize(detected!, source));
  return isSound ? detected : undefined;
}

async function detect(head: Buffer): Promise<string | undefined> {
  try {
    return (await fileTypeFromBuffer(head))?.mime;
  } catch {
    // It throws on some beginnings that break off.
    return undefined;
  }
}

async function isLonePdf(source: ByteSource, facts: StreamFacts): Promise<boolean> {
  const length = Math.min(source.size, PDF_SEARCH_BYTES);
  const tail = await source.readAt(source.size - length, length);
  return /%%EOF[\s\0]*$/.test(tail.toString('latin1')) && !(await hasArchive(source, facts));
}

async function hasArchive(source: ByteSource, facts: StreamFacts): Promise<boolean> {
  return facts.hasHiddenArchive || (await endsLikeZip(source));
}

/** Office documents are told by the parts they have, since the first bytes need not name them. */
async function recogniseZip(source: ByteSource, detected: string | undefined): Promise<string | undefined> {
  const names = await readZipNames(source);
  if (!names) return undefined;
  if (names.includes('[Content_Types].xml')) {
    const hasMacros = names.some((name) => MACROS.test(name));
    const types = OOXML_PARTS.filter(([part]) => names.some((name) => name.startsWith(part)));
    return hasMacros || types.length !== 1 ? undefined : types[0]![1];
  }
  // Another format made of ZIP (JAR, APK, EPUB, OpenDocument) is that format, not an archive.
  return detected === undefined || detected === 'application/zip' ? 'application/zip' : detected;
}
