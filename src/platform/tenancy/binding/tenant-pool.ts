import type { PoolConfig } from 'pg';
import { SlotQueue } from './slot-queue.js';
import type { TenantBinding } from '../tenant-binding.js';
import type { TenantConnection } from './tenant-connection.js';
import { TenantSlot, type Release, type SlotOptions } from './tenant-slot.js';

export interface TenantPoolOptions extends SlotOptions {
  /** One entry a login shard: how to connect as `<database>_login_<nn>`. */
  logins: readonly PoolConfig[];
  /** Connections at most, for all tenants together; at least one a login. */
  size: number;
}

/** Whatever has connections for tenants. */
export interface TenantConnections {
  /**
   * A connection bound to the tenant, and how to give it back. Throws UnavailableError when none is free in time.
   * When the signal aborts, what runs on it is cancelled and the connection ends.
   */
  lease(binding: TenantBinding, signal?: AbortSignal): Promise<[TenantConnection, Release]>;
  /** Where changes of the tenants of that database are announced, when not beside the registry alone. */
  announcersOf?(database: string): readonly string[];
}

/**
 * The connections of all tenants: bounded for the process, whatever their number. A connection is handed out bound to
 * the tenant, outside any transaction, and goes to nobody else before it came back so.
 */
export class TenantPool implements TenantConnections {
  private readonly slots: TenantSlot[] = [];
  private readonly queues: SlotQueue[];

  constructor(options: TenantPoolOptions) {
    const { logins, size } = options;
    if (size < logins.length) throw new Error(`the pool needs at least ${logins.length} connections`);
    this.queues = logins.map((login, shard) => {
      const count = Math.ceil((size - shard) / logins.length);
      const slots = Array.from({ length: count }, () => new TenantSlot(login, options));
      this.slots.push(...slots);
      return new SlotQueue(slots, options.waitTimeoutMs);
    });
  }

  async lease(binding: TenantBinding, signal?: AbortSignal): Promise<[TenantConnection, Release]> {
    const { schemaName, loginShard } = binding;
    const queue = this.queues[loginShard % this.queues.length]!;
    const slot = await queue.take(schemaName, signal);
    return slot.lease(binding, () => queue.giveBack(slot, schemaName), signal);
  }

  async end(): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.end()));
  }
}
