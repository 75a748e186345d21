import { Inject, Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
import type { Permission } from '../../kernel/permissions.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import { ofTenant } from '../../platform/tenancy/changes/change.js';
import { Changes } from '../../platform/tenancy/changes/changes.js';
import { ITEM } from '../../platform/tenancy/page-query.js';
import { TenantContext } from '../../platform/tenancy/tenant-context.js';
import { TenantRepository } from '../../platform/tenancy/tenant.repository.js';
import { Vendor, type VendorStatus } from './vendor.entity.js';

export interface VendorFilter {
  status?: VendorStatus;
  q?: string;
}

@Injectable()
export class VendorsRepository extends TenantRepository<Vendor> {
  protected readonly readPermission = 'vendors:read';
  protected override readonly quota = 'vendors';

  constructor(
    @Inject(TenantContext) context: TenantContext,
    @Inject(Changes) private readonly changes: Changes,
  ) {
    super(context, Vendor);
  }

  /** Its users lose their vendor with it, which every node must know. */
  override remove(id: string, permission: Permission, expected: ExpectedVersions): Promise<Vendor> {
    return this.context.transaction(async () => {
      const removed = await super.remove(id, permission, expected);
      const { manager, binding } = this.context;
      await this.changes.announce(manager, ofTenant(binding.tenantId));
      return removed;
    });
  }

  list(request: PageRequest, { status, q }: VendorFilter): Promise<Page<Vendor>> {
    return this.findPage(request, { equals: { status }, search: ['name', q] });
  }

  protected ownedBy(query: SelectQueryBuilder<Vendor>, vendorId: string): void {
    query.andWhere(`${ITEM}.id = :vendorId`, { vendorId });
  }
}
