import { AsyncLocalStorage } from 'node:async_hooks';
import type { NextFunction, Request, Response } from 'express';
import type { Actor } from '../../../kernel/actor.js';

const USER_AGENT_MAX = 200;
const CONTROL_CHARACTERS = /\p{Cc}/gu;

/** What is known of the request under way, wherever its work has got to. */
export class RequestFacts {
  /** How many entries the audit trail has got from this request. */
  audited = 0;
  /** The answer is that to an earlier request, and nothing was done. */
  isReplay = false;

  constructor(private readonly request: Request) {}

  get requestId(): string {
    return this.request.requestId;
  }

  /** Of the client, as far as trusted proxies tell. */
  get address(): string | null {
    return this.request.ip ?? null;
  }

  /** What the client calls itself, as it was sent: fit for nobody's eyes. */
  get givenAgent(): string | undefined {
    return this.request.get('user-agent');
  }

  /** As the client calls itself, shortened and made harmless. */
  get userAgent(): string | null {
    return this.givenAgent?.slice(0, USER_AGENT_MAX).replace(CONTROL_CHARACTERS, ' ').toWellFormed() ?? null;
  }

  /** The caller, once known. */
  get actor(): Actor | undefined {
    return this.request.actor;
  }
}

const underWay = new AsyncLocalStorage<RequestFacts>();

/** Undefined outside of requests: in jobs, and on the command line. */
export const currentRequest = (): RequestFacts | undefined => underWay.getStore();

/** Remembers the request for all that comes of it. Runs right after it has got its id. */
export function rememberRequest(request: Request, _response: Response, next: NextFunction): void {
  underWay.run(new RequestFacts(request), next);
}
