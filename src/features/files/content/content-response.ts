import type { Request, Response } from 'express';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UnsatisfiableRangeError } from '../../../kernel/errors.js';
import { byteRangeOf } from './byte-range.js';
import { attachmentNamed } from './content-disposition.js';
import type { ByteRange } from '../file-storage.js';
import type { StoredFile } from '../file.entity.js';

/** No browser may run, frame or guess anything of what was uploaded. */
const SANDBOX = "sandbox; default-src 'none'";
const CACHING = 'private, no-cache';
const CLIENT_IS_GONE = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);

/**
 * Answers with the file's bytes: conditional (If-None-Match, If-Range), in part (Range, one range) or whole, always as
 * an attachment. `open` is asked only when bytes are sent. A client that goes away ends the reading.
 */
export async function sendContent(
  request: Request,
  response: Response,
  file: StoredFile,
  open: (range?: ByteRange) => Promise<Readable>,
): Promise<void> {
  const etag = `"${file.sha256}"`;
  const digest = `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`;
  const range = request.method === 'GET' ? requestedRange(request, etag, file.size) : undefined;
  if (isUnchanged(request, etag)) {
    response.status(304).set({ ETag: etag, 'Cache-Control': CACHING }).end();
    return;
  }
  if (range === 'unsatisfiable') throw new UnsatisfiableRangeError(file.size);
  const content = request.method === 'HEAD' ? undefined : await open(range);
  response.set({
    ETag: etag,
    'Cache-Control': CACHING,
    'Content-Type': file.mediaType,
    'Content-Length': String(range ? range.end - range.start + 1 : file.size),
    'Content-Disposition': attachmentNamed(file.name),
    'Accept-Ranges': 'bytes',
    'Content-Security-Policy': SANDBOX,
    'X-Content-Type-Options': 'nosniff',
    'Repr-Digest': digest,
  });
  // Of a part nobody knows the digest before it was read (RFC 9530, 2 and 3).
  if (content && !range) response.set('Content-Digest', digest);
  if (range) response.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${file.size}`);
  if (!content) {
    response.end();
    return;
  }
  try {
    await pipeline(content, response);
  } catch (error) {
    if (!CLIENT_IS_GONE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Not Express' `request.fresh`: that never says yes to `fetch`, which sends `no-cache` beside every If-None-Match. */
function isUnchanged(request: Request, etag: string): boolean {
  const tags = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags !== undefined && (tags.includes(etag) || tags.includes('*'));
}

function requestedRange(
  request: Request,
  etag: string,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  const { range, 'if-range': condition } = request.headers;
  const isStale = condition !== undefined && condition !== etag;
  return range === undefined || isStale ? undefined : byteRangeOf(range, size);
}
