import type { ThrottlerStorage } from '@nestjs/throttler';
import { RateLimiterMemory } from 'rate-limiter-flexible';

type Record = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Counts hits by key in fixed windows: one number a key, whatever the limit is. Times in the answer are seconds, rounded up. */
export class CounterStorage implements ThrottlerStorage {
  private readonly counters = new Map<number, RateLimiterMemory>();

  async increment(key: string, ttlMs: number, limit: number): Promise<Record> {
    const { consumedPoints, msBeforeNext } = await this.counterOf(ttlMs).penalty(key);
    const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
    const isBlocked = consumedPoints > limit;
    return {
      totalHits: consumedPoints,
      timeToExpire: seconds,
      isBlocked,
      timeToBlockExpire: isBlocked ? seconds : 0,
    };
  }

  private counterOf(ttlMs: number): RateLimiterMemory {
    const known = this.counters.get(ttlMs);
    if (known) return known;
    const made = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: ttlMs / 1000 });
    this.counters.set(ttlMs, made);
    return made;
  }
}
