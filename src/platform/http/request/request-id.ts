import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

const WELL_FORMED = /^[A-Za-z0-9._-]{8,128}$/;
// W3C Trace Context, level 1: version ff is forbidden, and ids of zeros alone are invalid.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;

/** The trace id of a valid `traceparent`; undefined otherwise. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent === undefined ? undefined : TRACEPARENT.exec(traceparent)?.[1];
}

/** Keeps the caller's well-formed id, else takes the trace's, else makes one. Runs first of all. */
export function assignRequestId(request: Request, response: Response, next: NextFunction): void {
  const given = request.get('x-request-id');
  request.requestId =
    given !== undefined && WELL_FORMED.test(given)
      ? given
      : (traceIdOf(request.get('traceparent')) ?? randomUUID());
  response.setHeader('X-Request-Id', request.requestId);
  next();
}
