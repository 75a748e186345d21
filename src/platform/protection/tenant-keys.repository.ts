import { Inject, Injectable } from '@nestjs/common';
import { In, IsNull, Not } from 'typeorm';
import { ofTenant } from '../tenancy/changes/change.js';
import { Changes } from '../tenancy/changes/changes.js';
import { Registry } from '../tenancy/registry/registry.js';
import { Tenant } from '../tenancy/registry/tenant.entity.js';
import { TenantKey, type KeyPurpose } from './tenant-key.entity.js';

/** Owner of the keys that are no tenant's. */
export const PLATFORM = 'platform';

type NewKey = Pick<TenantKey, 'owner' | 'purpose' | 'generation' | 'kid'> & { wrapped: string };

/** The wrapped keys in the registry. Never inside a transaction under way: a key must outlive what is rolled back. */
@Injectable()
export class TenantKeysRepository {
  constructor(
    @Inject(Registry) private readonly registry: Registry,
    @Inject(Changes) private readonly changes: Changes,
  ) {}

  newest(owner: string, purpose: KeyPurpose): Promise<TenantKey | null> {
    return this.keys.findOne({
      where: { owner, purpose, wrapped: Not(IsNull()) },
      order: { generation: 'DESC' },
    });
  }

  find(owner: string, kid: string): Promise<TenantKey | null> {
    return this.keys.findOneBy({ owner, kid });
  }

  /**
   * Adds the key, unless its owner has that generation already, or is a tenant that is being deleted or unknown. The
   * tenant's row is locked meanwhile, so that no deletion that begins now overlooks the key.
   */
  async add({ owner, purpose, generation, kid, wrapped }: NewKey): Promise<void> {
    await this.registry.transaction(async (manager) => {
      if (owner !== PLATFORM) {
        const isLiving = { id: owner, status: Not(In(['deleting', 'deleted'])) };
        const lock = { mode: 'pessimistic_read' } as const;
        if (!(await manager.findOne(Tenant, { where: isLiving, lock }))) return;
      }
      const row = { owner, purpose, generation, kid, wrapped };
      await manager.createQueryBuilder().insert().into(TenantKey).values(row).orIgnore().execute();
    });
  }

  /** Destroys all keys of a tenant, and lets every node forget them. May be called again. */
  async destroy(tenantId: string): Promise<void> {
    await this.registry.transaction(async (manager) => {
      await manager
        .getRepository(TenantKey)
        .update({ owner: tenantId, wrapped: Not(IsNull()) }, { wrapped: null, destroyedAt: new Date() });
      await this.changes.announce(manager, ofTenant(tenantId));
    });
  }

  /** The keys of the owner that were destroyed. */
  destroyed(owner: string): Promise<TenantKey[]> {
    return this.keys.find({ where: { owner, wrapped: IsNull() }, order: { createdAt: 'ASC', kid: 'ASC' } });
  }

  private get keys() {
    return this.registry.getRepository(TenantKey);
  }
}
