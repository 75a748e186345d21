import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { ProtocolError } from './protocol.error.js';
import { parseJsonBody } from './json-body.js';
import { hasBody } from './request-body.js';

/** Room for the largest resource many times over; uploads go another way. */
const JSON_LIMIT_BYTES = 100_000;

/** The media type of a request, in lower case and without parameters. */
export function mediaTypeOf(request: Request): string | undefined {
  return request.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
}

function isJson(request: Request): boolean {
  const type = mediaTypeOf(request);
  return (
    type === 'application/json' || (request.method === 'PATCH' && type === 'application/merge-patch+json')
  );
}

function refuseOtherTypes(request: Request, _response: Response, next: NextFunction): void {
  if (!hasBody(request)) return next();
  // The route decides on multipart bodies; until then their bytes stay unread.
  if (mediaTypeOf(request) === 'multipart/form-data') {
    request.isBodyUnread = true;
    return next();
  }
  const charset =
    /;\s*charset="?([^";\s]*)/i.exec(request.get('content-type') ?? '')?.[1]?.toLowerCase() ?? 'utf-8';
  if (isJson(request) && charset === 'utf-8') return next();
  const accepted =
    request.method === 'PATCH' ? 'application/merge-patch+json, application/json' : 'application/json';
  const detail = 'The body must be application/json in UTF-8.';
  next(new ProtocolError(415, 'unsupported_media_type', detail, { Accept: accepted }));
}

function parse(request: Request, _response: Response, next: NextFunction): void {
  // A Content-Length of 0 is how some clients say that there is no body.
  if (Buffer.isBuffer(request.body)) {
    request.rawBody = request.body;
    request.body = request.body.length === 0 ? undefined : parseJsonBody(request.body);
  }
  next();
}

/** Turns a JSON body into `request.body`. Compressed bodies are refused: nothing here is large enough to need them. */
export const readJsonBody: readonly RequestHandler[] = [
  refuseOtherTypes,
  express.raw({ limit: JSON_LIMIT_BYTES, inflate: false, type: (request) => isJson(request as Request) }),
  parse,
];
