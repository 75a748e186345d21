import { Injectable, type ExecutionContext } from '@nestjs/common';
import {
  normalizeIp,
  ThrottlerGuard,
  type ThrottlerModuleOptions,
  type ThrottlerRequest,
} from '@nestjs/throttler';
import type { NextFunction, Request, Response } from 'express';
import { RateLimitedError } from '../../kernel/errors.js';
import type { Config } from '../config/config.js';
import { TIGHT_LIMIT_KEY, type TightBudget } from './route.js';
import { CounterStorage } from './request/counter.storage.js';
import { announceBudgets } from './response/rate-limit-fields.js';

const MINUTE_MS = 60_000;
const DEFAULT = 'default';

/** The budgets: `default` over all routes together, and those that `@TightLimit` names. */
export function throttlerOptions(config: Config): ThrottlerModuleOptions {
  return {
    throttlers: [
      { name: DEFAULT, limit: config.rateLimitPerMinute, ttl: MINUTE_MS },
      { name: 'login' satisfies TightBudget, limit: config.loginRateLimitPerMinute, ttl: MINUTE_MS },
    ],
    storage: new CounterStorage(),
  };
}

/**
 * Counts requests by client address (IPv6 by /64). The default budget is spent by `middleware`, ahead of everything that
 * could answer, so that unknown routes and malformed bodies count too; as a guard it runs first and spends the tight ones.
 */
@Injectable()
export class AddressThrottlerGuard extends ThrottlerGuard {
  private readonly counted = new WeakSet<Request>();

  /** Spends the default budget; a request is counted once, however often it is asked. */
  readonly middleware = (request: Request, response: Response, next: NextFunction): void => {
    this.spendDefault(request, response).then(() => next(), next);
  };

  protected override async handleRequest({
    context,
    limit,
    ttl,
    throttler,
  }: ThrottlerRequest): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    if (throttler.name === DEFAULT) await this.spendDefault(request, response);
    else if (throttler.name !== undefined && throttler.name === this.tightBudgetOf(context))
      await this.spend(request, response, throttler.name, limit, ttl);
    return true;
  }

  private tightBudgetOf(context: ExecutionContext): string | undefined {
    return this.reflector.getAllAndOverride<TightBudget | undefined>(TIGHT_LIMIT_KEY, [
      context.getHandler(),
      context.getClass(),
    ]);
  }

  private async spendDefault(request: Request, response: Response): Promise<void> {
    const budget = this.throttlers.find(({ name }) => name === DEFAULT);
    // Orchestrators ask for health from one address, and must get an answer when the service is busiest.
    const isExempt = request.path.startsWith('/health/');
    if (!budget || isExempt || this.counted.has(request)) return;
    this.counted.add(request);
    await this.spend(request, response, DEFAULT, Number(budget.limit), Number(budget.ttl));
  }

  private async spend(
    request: Request,
    response: Response,
    name: string,
    limit: number,
    ttlMs: number,
  ): Promise<void> {
    if (limit === 0) return;
    const client = normalizeIp(request.ip ?? '');
    const hit = await this.storageService.increment(`${name}:${client}`, ttlMs, limit, 0, name);
    const remaining = Math.max(0, limit - hit.totalHits);
    announceBudgets(response, [
      { name, limit, remaining, windowSeconds: ttlMs / 1000, resetSeconds: hit.timeToExpire },
    ]);
    if (hit.isBlocked) throw new RateLimitedError(hit.timeToExpire, [name]);
  }
}
