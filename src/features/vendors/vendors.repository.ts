import { Inject, Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
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

  constructor(@Inject(TenantContext) context: TenantContext) {
    super(context, Vendor);
  }

  list(request: PageRequest, { status, q }: VendorFilter): Promise<Page<Vendor>> {
    return this.findPage(request, { equals: { status }, search: ['name', q] });
  }

  protected ownedBy(query: SelectQueryBuilder<Vendor>, vendorId: string): void {
    query.andWhere(`${ITEM}.id = :vendorId`, { vendorId });
  }
}
