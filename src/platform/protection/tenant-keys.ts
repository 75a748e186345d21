import { randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Changes } from '../tenancy/changes/changes.js';
import { LocalKeyWrapper } from './key-wrapper.js';
import type { KeyPurpose, TenantKey } from './tenant-key.entity.js';
import { PLATFORM, TenantKeysRepository } from './tenant-keys.repository.js';

const KEY_BYTES = 32;
const REMEMBERED_KEYS = 20_000;
/** Even where no change is heard of, a destroyed key is out of memory after so long. */
const REMEMBERED_MS = 60_000;

export interface DataKey {
  kid: string;
  /** 32 bytes. */
  key: Uint8Array;
}

/** The key of what was sealed is gone for good: its tenant was deleted, or it was never that tenant's. */
export class KeyDestroyedError extends Error {
  constructor(owner: string) {
    super(`there is no such data key of ${owner}`);
    this.name = 'KeyDestroyedError';
  }
}

/**
 * The data keys of tenants, and of the platform: random, kept in the registry wrapped by the master key, unwrapped in
 * memory alone. Destroying them makes unreadable whatever they have sealed, wherever a copy of it is.
 */
@Injectable()
export class TenantKeys {
  private readonly remembered = new LRUCache<string, Promise<DataKey>>({
    max: REMEMBERED_KEYS,
    ttl: REMEMBERED_MS,
  });

  constructor(
    private readonly keys: TenantKeysRepository,
    private readonly wrapper: LocalKeyWrapper,
    @Inject(Changes) changes: Changes,
  ) {
    changes.onChange(({ subject, tenantId }) => {
      if (subject === 'everything') this.remembered.clear();
      else if (subject === 'tenant' && tenantId !== null) this.forget(tenantId);
    });
  }

  /** The key that encrypts now; made at the first call. Null is the platform's. Throws KeyDestroyedError. */
  current(tenantId: string | null, purpose: KeyPurpose = 'fields'): Promise<DataKey> {
    const owner = tenantId ?? PLATFORM;
    return this.remember(`${owner} ${purpose}`, async () => {
      const row = (await this.keys.newest(owner, purpose)) ?? (await this.make(owner, purpose));
      return this.unwrap(row);
    });
  }

  /** The key of this name, if it is that tenant's. Throws KeyDestroyedError. */
  named(tenantId: string | null, kid: string): Promise<DataKey> {
    const owner = tenantId ?? PLATFORM;
    return this.remember(`${owner} ${kid}`, async () => {
      const row = UUID.test(kid) ? await this.keys.find(owner, kid) : null;
      if (!row) throw new KeyDestroyedError(owner);
      return this.unwrap(row);
    });
  }

  /** Destroys all keys of a tenant, on every node. There is no way back. */
  async destroy(tenantId: string): Promise<void> {
    await this.keys.destroy(tenantId);
    this.forget(tenantId);
  }

  /** The keys of a tenant that were destroyed, the oldest first. */
  destroyed(tenantId: string): Promise<TenantKey[]> {
    return this.keys.destroyed(tenantId);
  }

  private forget(owner: string): void {
    for (const question of this.remembered.keys())
      if (question.startsWith(`${owner} `)) this.remembered.delete(question);
  }

  private async make(owner: string, purpose: KeyPurpose): Promise<TenantKey> {
    const kid = randomUUID();
    const wrapped = await this.wrapper.wrap({ owner, purpose, kid }, randomBytes(KEY_BYTES));
    await this.keys.add({ owner, purpose, generation: 1, kid, wrapped });
    // Of several nodes at once one has added it, and all use that.
    const row = await this.keys.newest(owner, purpose);
    if (!row) throw new KeyDestroyedError(owner);
    return row;
  }

  private async unwrap({ owner, purpose, kid, wrapped }: TenantKey): Promise<DataKey> {
    if (wrapped === null) throw new KeyDestroyedError(owner);
    return { kid, key: await this.wrapper.unwrap({ owner, purpose, kid }, wrapped) };
  }

  private remember(question: string, ask: () => Promise<DataKey>): Promise<DataKey> {
    const known = this.remembered.get(question);
    if (known) return known;
    const asked = ask();
    this.remembered.set(question, asked);
    asked.catch(() => this.remembered.get(question) === asked && this.remembered.delete(question));
    return asked;
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
