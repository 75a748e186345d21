import { LRUCache } from 'lru-cache';
import { ForbiddenError } from '../../kernel/errors.js';
import type { Registry } from './registry.js';
import type { TenantBinding } from './tenant-pool.js';
import { Tenant } from './tenant.entity.js';

/** How stale an answer may be: a suspension must be felt on every node within a second. */
const REMEMBERED_MS = 500;
const REMEMBERED_TENANTS = 10_000;
const NOBODY = Symbol('no such tenant');

/** Finds tenants in the registry, remembering answers (also "no such tenant") for half a second. */
export class TenantDirectory {
  private readonly remembered = new LRUCache<string, Tenant | typeof NOBODY>({
    max: REMEMBERED_TENANTS,
    ttl: REMEMBERED_MS,
  });

  constructor(private readonly registry: Registry) {}

  /** The live tenant with this id; undefined when there is none, or none yet, or none any more. */
  byId(id: string): Promise<Tenant | undefined> {
    return this.find('id', id);
  }

  bySlug(slug: string): Promise<Tenant | undefined> {
    return this.find('slug', slug);
  }

  /** Forgets what was remembered of the tenant, so that a change shows at once on this node. */
  forget(tenant: Tenant): void {
    this.remembered.delete(`id ${tenant.id}`);
    this.remembered.delete(`slug ${tenant.slug}`);
  }

  private async find(field: 'id' | 'slug', value: string): Promise<Tenant | undefined> {
    const key = `${field} ${value}`;
    let found = this.remembered.get(key);
    if (found === undefined) {
      const tenant = await this.registry.getRepository(Tenant).findOneBy({ [field]: value });
      found = tenant && isLive(tenant) ? tenant : NOBODY;
      this.remembered.set(key, found);
    }
    return found === NOBODY ? undefined : found;
  }
}

/** How to reach a tenant's data. */
export function bindingOf(tenant: Tenant): TenantBinding {
  return { tenantId: tenant.id, schemaName: tenant.schemaName, loginShard: tenant.loginShard };
}

/** Throws ForbiddenError when the tenant's callers are shut out for now. */
export function assertNotSuspended(tenant: Tenant): void {
  if (tenant.status === 'suspended')
    throw new ForbiddenError('tenant_suspended', 'This tenant is suspended.');
}

const isLive = ({ status }: Tenant): boolean => status === 'active' || status === 'suspended';
