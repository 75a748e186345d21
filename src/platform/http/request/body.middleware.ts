import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { ProtocolError } from './protocol.error.js';
import { parseFormBody } from './form-body.js';
import { parseJsonBody } from './json-body.js';
import { hasBody } from './request-body.js';

/** Room for the largest resource many times over; uploads go another way. */
const JSON_LIMIT_BYTES = 100_000;

export const FORM_MEDIA_TYPE = 'application/x-www-form-urlencoded';

/** The media type of a request, in lower case and without parameters. */
export function mediaTypeOf(request: Request): string | undefined {
  return request.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
}

const isForm = (request: Request): boolean => mediaTypeOf(request) === FORM_MEDIA_TYPE;

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
  if ((isJson(request) || isForm(request)) && charset === 'utf-8') return next();
  const accepted =
    request.method === 'PATCH' ? 'application/merge-patch+json, application/json' : 'application/json';
  const detail = 'The body must be application/json in UTF-8.';
  next(new ProtocolError(415, 'unsupported_media_type', detail, { Accept: accepted }));
}

function parse(request: Request, _response: Response, next: NextFunction): void {
  // A Content-Length of 0 is how some clients say that there is no body.
  if (Buffer.isBuffer(request.body)) {
    request.rawBody = request.body;
    // The route decides on forms too; nothing else gets to see what is in them.
    if (isForm(request)) request.formBody = parseFormBody(request.body);
    request.body = request.body.length === 0 || isForm(request) ? undefined : parseJsonBody(request.body);
  }
  next();
}

const isRead = (request: object): boolean => isJson(request as Request) || isForm(request as Request);

/** Turns a JSON body into `request.body`, a form into `request.formBody`. Compressed bodies are refused: nothing here is large enough to need them. */
export const readJsonBody: readonly RequestHandler[] = [
  refuseOtherTypes,
  express.raw({ limit: JSON_LIMIT_BYTES, inflate: false, type: isRead }),
  parse,
];
