import type { Request, RequestHandler } from 'express';
import multer from 'multer';
import type { FileKey, FileStorage } from '../file-storage.js';
import { UploadEngine } from './upload-engine.js';

/** Part headers, boundaries and small fields around the file. */
export const ENVELOPE_BYTES = 64 * 1024;
const MAX_FIELDS = 8;
const MAX_FIELD_BYTES = 1024;
const MAX_FIELD_NAME_BYTES = 64;
const MAX_HEADERS_PER_PART = 16;

export interface UploadParserOptions {
  storage: FileStorage;
  maxBytes: number;
  acceptedTypes: readonly string[];
  /** Under which the file of the request is to be kept. */
  keyOf: (request: Request) => FileKey;
}

/** Reads `multipart/form-data` with one file called `file` and few small fields; strict about everything else. */
export function createUploadParser({
  storage,
  maxBytes,
  acceptedTypes,
  keyOf,
}: UploadParserOptions): RequestHandler {
  const beginnings = new WeakMap<Request, string>();
  const hasDeclaredType = (request: Request) => partDeclaresType(beginnings.get(request) ?? '');
  const options: multer.Options & {
    streamHandler: (request: Request, parser: NodeJS.WritableStream) => void;
  } = {
    storage: new UploadEngine(storage, acceptedTypes, hasDeclaredType, keyOf),
    // A second file, or one of another name, is then refused by its name.
    limits: {
      fileSize: maxBytes,
      files: 2,
      fields: MAX_FIELDS,
      parts: MAX_FIELDS + 2,
      fieldSize: MAX_FIELD_BYTES,
      fieldNameSize: MAX_FIELD_NAME_BYTES,
      fieldNestingDepth: 0,
      headerPairs: MAX_HEADERS_PER_PART,
    },
    defParamCharset: 'utf8',
    preservePath: true,
    streamHandler: (request, parser) => {
      request.on('data', (chunk: Buffer) => {
        const seen = beginnings.get(request) ?? '';
        if (seen.length < ENVELOPE_BYTES) beginnings.set(request, seen + chunk.toString('latin1'));
      });
      request.pipe(parser);
    },
  };
  return multer(options).single('file');
}

/**
 * Has the part with the file a Content-Type? The parser reports `text/plain` both when it says so and when it says
 * nothing, as many HTTP libraries do.
 */
function partDeclaresType(beginning: string): boolean {
  const headers = beginning
    .split('\r\n\r\n')
    .find((block) => /^content-disposition:.*filename/im.test(block));
  return headers === undefined || /^content-type:/im.test(headers);
}
