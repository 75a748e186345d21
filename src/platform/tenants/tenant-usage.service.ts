import { Inject, Injectable } from '@nestjs/common';
import { NotFoundError } from '../../kernel/errors.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { bindingOf } from '../tenancy/registry/tenant-directory.js';
import { storedUsage } from '../tenancy/shares/tenant-quota.js';
import { TenantShares } from '../tenancy/shares/tenant-shares.js';
import type { TenantUsageDto } from './tenant-policy.dto.js';
import { TenantsService } from './tenants.service.js';

/** What a tenant may use, and what it uses. Counts only; no row of its data is read. */
@Injectable()
export class TenantUsageService {
  constructor(
    private readonly tenants: TenantsService,
    @Inject(TenantContext) private readonly context: TenantContext,
    private readonly shares: TenantShares,
  ) {}

  /** For operators. Throws ConflictError while there is nothing to count yet, or any more. */
  async of(tenantId: string): Promise<TenantUsageDto> {
    const tenant = await this.tenants.settled(tenantId);
    return this.context.run(bindingOf(tenant), () => this.current());
  }

  /** Of the caller's own tenant. Throws NotFoundError for callers who have none. */
  async own(): Promise<TenantUsageDto> {
    if (!this.context.boundTenant) throw new NotFoundError();
    return this.current();
  }

  private async current(): Promise<TenantUsageDto> {
    const requests = this.shares.usageOf(this.context.binding.tenantId);
    return { policy: this.context.policy, usage: { ...requests, ...(await storedUsage(this.context)) } };
  }
}
