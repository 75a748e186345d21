import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { map, type Observable } from 'rxjs';
import { etagOf, isNoneMatch } from '../etag.js';
import { CREATED_KEY, type CreatedAt } from '../route.js';

/**
 * Adds what a handler's answer implies: `ETag` from its `version` (and 304 for who has it), `Location` where the route
 * says `@Created()`, `Link` from a list's cursor. The body itself stays as it is.
 */
@Injectable()
export class RepresentationInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const created = this.reflector.get<CreatedAt | undefined>(CREATED_KEY, context.getHandler());
    return next.handle().pipe(
      map((body) => {
        if (typeof body !== 'object' || body === null) return body;
        if (created) setLocation(request, response, created, body);
        if ('page' in body) setLink(request, response, body.page);
        return 'version' in body && typeof body.version === 'number'
          ? tagged(request, response, body, etagOf(body.version))
          : body;
      }),
    );
  }
}

function setLocation(
  request: Request,
  response: Response,
  { base, key = 'id' }: CreatedAt,
  body: object,
): void {
  const name = (body as Readonly<Record<string, unknown>>)[key];
  if (typeof name === 'string')
    response.setHeader('Location', `${base ?? request.path.replace(/\/+$/, '')}/${name}`);
}

function setLink(request: Request, response: Response, page: unknown): void {
  if (
    typeof page !== 'object' ||
    page === null ||
    !('nextCursor' in page) ||
    typeof page.nextCursor !== 'string'
  )
    return;
  const query = new URLSearchParams(request.originalUrl.split('?')[1] ?? '');
  query.set('cursor', page.nextCursor);
  response.setHeader('Link', `<${request.path}?${query.toString()}>; rel="next"`);
}

function tagged(request: Request, response: Response, body: object, etag: string): object | undefined {
  response.setHeader('ETag', etag);
  // Kept by the caller alone, and asked about each time.
  response.setHeader('Cache-Control', 'private, no-cache');
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead || !isNoneMatch(request.get('if-none-match'), etag)) return body;
  response.status(304);
  return undefined;
}
