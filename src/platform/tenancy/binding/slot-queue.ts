import { createHash } from 'node:crypto';
import { UnavailableError } from '../../../kernel/errors.js';
import type { TenantSlot } from './tenant-slot.js';

/** Callers that may wait for one slot; at some milliseconds each, one more would hardly be served in time. */
const MAX_WAITING_PER_SLOT = 250;
/** How many of those in front are asked whether the free slot is their home, and how often one may be overtaken so. */
const LOOK_AHEAD = 16;
const MAX_OVERTAKEN = 8;

interface Waiter {
  tenant: string;
  home: TenantSlot;
  overtaken: number;
  serve(slot: TenantSlot): void;
}

/**
 * Who gets which slot of one login shard. A tenant is hashed to a home slot, so that roles change seldom and catalog
 * caches stay warm; when that one is lent an idle one serves. No tenant holds more than half of the slots, however
 * many of its callers wait, as long as there are two.
 */
export class SlotQueue {
  private readonly waiting: Waiter[] = [];
  private readonly held = new Map<string, number>();
  private readonly waitingOf = new Map<string, number>();
  private readonly share: number;

  constructor(
    private readonly slots: readonly TenantSlot[],
    private readonly waitTimeoutMs: number,
  ) {
    this.share = Math.ceil(slots.length / 2);
  }

  /** A slot for the tenant alone, until `giveBack`. Throws UnavailableError when there is none in time. */
  async take(tenant: string, signal?: AbortSignal): Promise<TenantSlot> {
    if (signal?.aborted) throw new UnavailableError();
    const home = this.slots[createHash('sha1').update(tenant).digest().readUInt32BE() % this.slots.length]!;
    const slot = home.isLent ? this.slots.find(({ isLent }) => !isLent) : home;
    if (slot && this.mayHoldMore(tenant)) return this.lend(slot, tenant);
    const ofTenant = this.waitingOf.get(tenant) ?? 0;
    if (
      this.waiting.length >= MAX_WAITING_PER_SLOT * this.slots.length ||
      ofTenant >= MAX_WAITING_PER_SLOT * this.share
    )
      throw new UnavailableError();
    return this.wait(tenant, home, signal);
  }

  giveBack(slot: TenantSlot, tenant: string): void {
    slot.isLent = false;
    add(this.held, tenant, -1);
    for (const idle of this.slots.filter(({ isLent }) => !isLent)) this.nextFor(idle)?.serve(idle);
  }

  private wait(tenant: string, home: TenantSlot, signal?: AbortSignal): Promise<TenantSlot> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
        add(this.waitingOf, tenant, -1);
      };
      const giveUp = (): void => {
        leave();
        reject(new UnavailableError('overloaded', 'The database is busy or away; retry later.', 1));
      };
      const waiter: Waiter = {
        tenant,
        home,
        overtaken: 0,
        serve: (slot) => {
          leave();
          resolve(this.lend(slot, tenant));
        },
      };
      const timer = setTimeout(giveUp, this.waitTimeoutMs);
      signal?.addEventListener('abort', giveUp);
      this.waiting.push(waiter);
      add(this.waitingOf, tenant, 1);
    });
  }

  private nextFor(slot: TenantSlot): Waiter | undefined {
    const front: Waiter[] = [];
    for (const waiter of this.waiting) {
      if (!this.mayHoldMore(waiter.tenant)) continue;
      if (front.length === 0 && waiter.overtaken >= MAX_OVERTAKEN) return waiter;
      if (waiter.home === slot) {
        for (const passed of front) passed.overtaken++;
        return waiter;
      }
      if (front.push(waiter) === LOOK_AHEAD) break;
    }
    return front[0];
  }

  private lend(slot: TenantSlot, tenant: string): TenantSlot {
    slot.isLent = true;
    add(this.held, tenant, 1);
    return slot;
  }

  private mayHoldMore(tenant: string): boolean {
    return (this.held.get(tenant) ?? 0) < this.share;
  }
}

/** A count that is gone at zero, so that tenants who left take no room. */
function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
