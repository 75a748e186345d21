import { LRUCache } from 'lru-cache';
import { In } from 'typeorm';
import { ForbiddenError } from '../../../kernel/errors.js';
import type { Changes } from '../changes/changes.js';
import type { Registry } from './registry.js';
import type { TenantBinding } from '../tenant-binding.js';
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

  /** Counts what was forgotten: an answer that was asked for before may be older than the change. */
  private forgotten = 0;

  constructor(private readonly registry: Registry) {}

  /** A directory that forgets a tenant as soon as any node changes it. */
  static hearing(registry: Registry, changes: Pick<Changes, 'onChange'>): TenantDirectory {
    const directory = new TenantDirectory(registry);
    changes.onChange(({ subject, tenantId }) => {
      if (subject === 'tenant' && tenantId !== null) directory.forgetId(tenantId);
    });
    return directory;
  }

  /** The live tenant with this id; undefined when there is none, or none yet, or none any more. */
  byId(id: string): Promise<Tenant | undefined> {
    return this.find('id', id);
  }

  bySlug(slug: string): Promise<Tenant | undefined> {
    return this.find('slug', slug);
  }

  /** How to reach all live tenants, the oldest first; asked anew each time. */
  async all(): Promise<TenantBinding[]> {
    const tenants = await this.registry
      .getRepository(Tenant)
      .find({ where: { status: In(['active', 'suspended']) }, order: { createdAt: 'ASC', id: 'ASC' } });
    return tenants.map(bindingOf);
  }

  /** Forgets what was remembered of the tenant, so that a change shows at once on this node. */
  forget(tenant: Tenant): void {
    this.forgotten++;
    this.remembered.delete(`id ${tenant.id}`);
    this.remembered.delete(`slug ${tenant.slug}`);
  }

  /** As `forget`, for whoever knows the id alone. */
  forgetId(id: string): void {
    this.forgotten++;
    for (const [key, tenant] of this.remembered.entries())
      if (tenant !== NOBODY && tenant.id === id) this.remembered.delete(key);
  }

  private async find(field: 'id' | 'slug', value: string): Promise<Tenant | undefined> {
    const key = `${field} ${value}`;
    let found = this.remembered.get(key);
    if (found === undefined) {
      const { forgotten } = this;
      const tenant = await this.registry.getRepository(Tenant).findOneBy({ [field]: value });
      found = tenant && isLive(tenant) ? tenant : NOBODY;
      if (forgotten === this.forgotten) this.remembered.set(key, found);
    }
    return found === NOBODY ? undefined : found;
  }
}

/** How to reach a tenant's data; without the right to write where the tenant is read-only. */
export function bindingOf(tenant: Tenant): TenantBinding {
  const { id: tenantId, schemaName, loginShard, schemaVersion, database, policy } = tenant;
  const readOnly = isReadOnly(tenant);
  return { tenantId, schemaName, loginShard, schemaVersion, database, policy, readOnly };
}

/** Throws ForbiddenError when the tenant's callers are shut out for now. Those of a read-only tenant are not. */
export function assertNotSuspended(tenant: Tenant): void {
  if (tenant.status === 'suspended' && !isReadOnly(tenant))
    throw new ForbiddenError('tenant_suspended', 'This tenant is suspended.');
}

/** Throws ForbiddenError when the tenant's callers are shut out, or may not write, for now. */
export function assertWritable(tenant: Tenant): void {
  assertNotSuspended(tenant);
  if (isReadOnly(tenant)) throw tenantReadOnly();
}

export const tenantReadOnly = (): ForbiddenError =>
  new ForbiddenError('tenant_read_only', 'This tenant is suspended: it can be read, but not changed.');

const isReadOnly = ({ status, suspensionMode }: Tenant): boolean =>
  status === 'suspended' && suspensionMode === 'read_only';

const isLive = ({ status }: Tenant): boolean => status === 'active' || status === 'suspended';
