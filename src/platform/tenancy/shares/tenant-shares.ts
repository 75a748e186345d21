import { RateLimitedError } from '../../../kernel/errors.js';
import type { TenantPolicy } from '../../../kernel/tenant-policy.js';
import type { Budget } from '../../http/response/rate-limit-fields.js';

const WINDOW_MS = 60_000;
const RATE = 'tenant';
const CONCURRENCY = 'tenant-concurrency';
/** A place becomes free as soon as any request of the tenant ends. */
const RETRY_CONCURRENCY_SECONDS = 1;

interface Share {
  inFlight: number;
  /** Requests whose token is good and whose caller is being looked up. */
  entering: number;
  windowEndsAt: number;
  spent: number;
  /** What was spent in the window before this one. */
  spentBefore: number;
}

export interface RequestUsage {
  concurrentRequests: number;
  requestsLastMinute: number;
}

type Limits = Pick<TenantPolicy, 'concurrentRequests' | 'requestsPerMinute'>;

/** Counts what each tenant's callers ask of this process: requests under way, and requests in windows of a minute. */
export class TenantShares {
  private readonly shares = new Map<string, Share>();
  private sweepAt = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /**
   * Runs the look-up of a caller, unless the tenant has used up its share already, so that a flood costs no query.
   * Counts nothing for good: `admit` does. Throws RateLimitedError.
   */
  async whileEntering<T>(tenantId: string, limits: Limits, lookUp: () => Promise<T>): Promise<T> {
    const share = this.shareOf(tenantId);
    this.assertRoom(share, limits, share.inFlight + share.entering);
    share.entering++;
    try {
      return await lookUp();
    } finally {
      share.entering--;
    }
  }

  /** Counts a request; returns what must be called once it has ended. Throws RateLimitedError and then counts nothing. */
  admit(tenantId: string, limits: Limits): () => void {
    const share = this.shareOf(tenantId);
    this.assertRoom(share, limits, share.inFlight);
    share.spent++;
    share.inFlight++;
    let isOver = false;
    return () => {
      if (!isOver) share.inFlight--;
      isOver = true;
    };
  }

  /** What is left, for the response's fields. */
  budgetsOf(tenantId: string, limits: Limits): Budget[] {
    const share = this.shareOf(tenantId);
    return [
      {
        name: RATE,
        limit: limits.requestsPerMinute,
        remaining: Math.max(0, limits.requestsPerMinute - share.spent),
        windowSeconds: WINDOW_MS / 1000,
        resetSeconds: this.secondsLeft(share),
      },
      {
        name: CONCURRENCY,
        limit: limits.concurrentRequests,
        remaining: Math.max(0, limits.concurrentRequests - share.inFlight),
        unit: 'concurrent-requests',
      },
    ];
  }

  /** The last minute is estimated from two windows, as if the older one's requests had come evenly. */
  usageOf(tenantId: string): RequestUsage {
    const share = this.shareOf(tenantId);
    const stillCounts = Math.max(0, share.windowEndsAt - this.now()) / WINDOW_MS;
    return {
      concurrentRequests: share.inFlight,
      requestsLastMinute: share.spent + Math.round(share.spentBefore * stillCounts),
    };
  }

  private assertRoom(share: Share, limits: Limits, underWay: number): void {
    if (share.spent >= limits.requestsPerMinute) throw new RateLimitedError(this.secondsLeft(share), [RATE]);
    if (underWay >= limits.concurrentRequests)
      throw new RateLimitedError(RETRY_CONCURRENCY_SECONDS, [CONCURRENCY]);
  }

  private shareOf(tenantId: string): Share {
    const now = this.now();
    this.sweep(now);
    const share = this.shares.get(tenantId) ?? {
      inFlight: 0,
      entering: 0,
      windowEndsAt: now + WINDOW_MS,
      spent: 0,
      spentBefore: 0,
    };
    if (share.windowEndsAt <= now) {
      const isNext = share.windowEndsAt + WINDOW_MS > now;
      share.spentBefore = isNext ? share.spent : 0;
      share.spent = 0;
      share.windowEndsAt = isNext ? share.windowEndsAt + WINDOW_MS : now + WINDOW_MS;
    }
    this.shares.set(tenantId, share);
    return share;
  }

  private secondsLeft(share: Share): number {
    return Math.max(1, Math.ceil((share.windowEndsAt - this.now()) / 1000));
  }

  /** Forgets, once a window, the tenants of which nothing is under way and nothing counts any more. */
  private sweep(now: number): void {
    if (now < this.sweepAt) return;
    this.sweepAt = now + WINDOW_MS;
    for (const [tenantId, share] of this.shares) {
      const isIdle = share.inFlight === 0 && share.entering === 0;
      if (isIdle && share.windowEndsAt + WINDOW_MS <= now) this.shares.delete(tenantId);
    }
  }
}
