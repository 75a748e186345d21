import { Inject, Injectable } from '@nestjs/common';
import { Not } from 'typeorm';
import { NotFoundError } from '../../kernel/errors.js';
import type { Page, PageRequest } from '../../kernel/page.js';
import { findPage, ITEM, matchesText } from '../tenancy/page-query.js';
import { Registry } from '../tenancy/registry/registry.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { TenantDirectory } from '../tenancy/registry/tenant-directory.js';
import { assertVersion, type ExpectedVersions } from '../../kernel/version.js';
import { Tenant, type TenantStatus } from '../tenancy/registry/tenant.entity.js';

export interface TenantFilter {
  status?: TenantStatus;
  q?: string;
}

/** The registry's tenants as an operator sees them: all but the deleted. */
@Injectable()
export class TenantsRepository {
  constructor(
    @Inject(Registry) private readonly registry: Registry,
    @Inject(TenantDirectory) private readonly directory: TenantDirectory,
    @Inject(TenantContext) private readonly context: TenantContext,
  ) {}

  async get(id: string): Promise<Tenant> {
    const tenant = await this.tenants.findOneBy({ id, status: Not('deleted') });
    if (!tenant) throw new NotFoundError();
    return tenant;
  }

  list(request: PageRequest, filter: TenantFilter): Promise<Page<Tenant>> {
    const query = this.tenants.createQueryBuilder(ITEM).where(`${ITEM}.status <> 'deleted'`);
    if (filter.status) query.andWhere(`${ITEM}.status = :status`, { status: filter.status });
    if (filter.q) matchesText(query, `${ITEM}.name`, filter.q);
    return findPage(query, request);
  }

  /** Applies the changes to the entry while it is locked; they count at once on this node. */
  async change(id: string, expected: ExpectedVersions, apply: (tenant: Tenant) => void): Promise<Tenant> {
    const saved = await this.registry.transaction(async (manager) => {
      const tenant = await manager.findOne(Tenant, {
        where: { id, status: Not('deleted') },
        lock: { mode: 'pessimistic_write' },
      });
      if (!tenant) throw new NotFoundError();
      assertVersion(expected, tenant.version);
      const before = structuredClone({ ...tenant });
      apply(tenant);
      const after = await manager.save(tenant);
      await this.context.changes.tell({ kind: 'updated', table: 'tenant', id, before, after: { ...after } });
      return after;
    });
    this.directory.forget(saved);
    return saved;
  }

  private get tenants() {
    return this.registry.getRepository(Tenant);
  }
}
