import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Request } from 'express';
import { concatMap, type Observable } from 'rxjs';
import type { SecurityAction } from '../../../kernel/security-event.js';
import { currentRequest } from '../../http/request/request-facts.js';
import { AuditTrail } from '../audit-trail.js';
import { routeOf, targetOf } from './route-facts.js';

const ACTION_OF: Readonly<Record<string, SecurityAction>> = {
  POST: 'sensitive_create',
  PUT: 'sensitive_update',
  PATCH: 'sensitive_update',
  DELETE: 'sensitive_delete',
};

/**
 * The net under all routes that write: where a request succeeded and nothing of it was recorded, the route itself is.
 * So what somebody forgot to record is less well told, but never missing.
 */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(private readonly trail: AuditTrail) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>();
    const action = ACTION_OF[request.method];
    if (!action) return next.handle();
    return next.handle().pipe(
      concatMap(async (body) => {
        const facts = currentRequest();
        if (facts?.audited === 0 && !facts.isReplay) await this.recordRoute(request, action);
        return body;
      }),
    );
  }

  private async recordRoute(request: Request, action: SecurityAction): Promise<void> {
    const target = targetOf(request);
    const detail = { route: routeOf(request) };
    await this.trail.record({ action, outcome: 'success', ...(target && { target }), detail });
  }
}
