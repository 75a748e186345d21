import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { SecurityEvent } from '../../../kernel/security-event.js';
import type { ObservedRefusal } from '../../http/problem.filter.js';
import { RepeatedEvents } from './repeated-events.js';
import { routeOf, targetOf } from './route-facts.js';

const FORBIDDEN = 403;
const NOT_FOUND = 404;
const TOO_MANY = 429;

/** Records what callers were refused because of who they are, or because of how much they asked. */
@Injectable()
export class RefusalRecorder {
  constructor(private readonly events: RepeatedEvents) {}

  /** Resolves when it is recorded. An absent thing and another's are one 404, and so they are one entry. */
  async refused(request: Request, refusal: ObservedRefusal): Promise<void> {
    const { status, code } = refusal;
    const route = routeOf(request);
    const target = targetOf(request);
    const event: SecurityEvent = {
      action: status === TOO_MANY ? 'excess_rate_limit_exceeded' : 'authz_fail',
      outcome: 'denied',
      ...(target && { target }),
      detail: { route, code },
    };
    if (status === TOO_MANY) {
      const policy = refusal.violatedPolicies?.join(' ') ?? 'unnamed';
      await this.events.limited({ ...event, detail: { ...event.detail, policy } });
    } else if (status === FORBIDDEN || (status === NOT_FOUND && request.actor && target))
      await this.events.denied(event);
  }
}
