import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { ProtocolError } from '../http/request/protocol.error.js';
import { currentRequest } from '../http/request/request-facts.js';
import { MULTIPART_KEY, UNKEYED_KEY } from '../http/route.js';
import type { KeyedCall } from './keyed-answers.js';
import { OperatorIdempotencyRepository } from './operator-idempotency.repository.js';
import { TenantIdempotencyRepository } from './tenant-idempotency.repository.js';

const HEADER = 'Idempotency-Key';
const MAX_KEY_CHARACTERS = 255;
/** Headers that say something of what was done; the others say something of the one exchange. */
const OF_THE_ANSWER = ['Location', 'ETag', 'Cache-Control'];

/**
 * Makes a POST with an `Idempotency-Key` count once: the same request of the same caller is answered as the first was,
 * with `Idempotency-Replayed: true` (draft-ietf-httpapi-idempotency-key-header). Who calls anonymously has no keys.
 * Runs after the guards, so that a replay is no way around them.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly ofTenants: TenantIdempotencyRepository,
    private readonly ofOperators: OperatorIdempotencyRepository,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>();
    const handler = context.getHandler();
    const isForUs =
      request.method === 'POST' &&
      !this.reflector.get<boolean | undefined>(UNKEYED_KEY, handler) &&
      this.isContentKnown(context);
    const keyed = isForUs ? keyedCall(request, this.contentOf(request)) : undefined;
    if (!keyed) return next.handle();
    return from(this.once(keyed, context.switchToHttp().getResponse<Response>(), next));
  }

  /** Whether the content is known when this runs: that of an upload is not, before its own interceptor has read it. */
  protected isContentKnown(context: ExecutionContext): boolean {
    return !this.reflector.get<boolean | undefined>(MULTIPART_KEY, context.getHandler());
  }

  /** What makes two requests the same, besides method and target. */
  protected contentOf(request: Request): string {
    return JSON.stringify(request.body ?? null);
  }

  private async once(keyed: KeyedCall, response: Response, next: CallHandler<unknown>): Promise<unknown> {
    const store = keyed.tenantId === null ? this.ofOperators : this.ofTenants;
    const { body, headers, isReplayed } = await store.once(keyed, async () => ({
      body: await lastValueFrom(next.handle(), { defaultValue: undefined }),
      headers: headersOf(response),
    }));
    if (!isReplayed) return body;
    const facts = currentRequest();
    if (facts) facts.isReplay = true;
    response.set({ ...headers, 'Idempotency-Replayed': 'true' });
    return body;
  }
}

const headersOf = (response: Response): Record<string, string> =>
  Object.fromEntries(
    OF_THE_ANSWER.flatMap((name) => {
      const value = response.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );

function keyedCall(request: Request, content: string): KeyedCall | undefined {
  const key = request.get(HEADER);
  const { actor, method, originalUrl } = request;
  if (key === undefined || !actor) return undefined;
  if (key.length < 1 || key.length > MAX_KEY_CHARACTERS)
    throw new ProtocolError(
      400,
      'malformed_request',
      `The ${HEADER} must have 1 to ${MAX_KEY_CHARACTERS} characters.`,
    );
  return {
    callerId: actor.id,
    tenantId: actor.tenantId,
    key,
    content: JSON.stringify([method, originalUrl, content]),
  };
}
