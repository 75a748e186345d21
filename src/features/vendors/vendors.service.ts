import { Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import type { Permission } from '../../kernel/permissions.js';
import type { OwnerLookup } from '../../platform/http/route.js';
import { TenantContext } from '../../platform/tenancy/tenant-context.js';
import { TenantRepository } from '../../platform/tenancy/tenant.repository.js';
import { Vendor } from './vendor.entity.js';

@Injectable()
export class VendorsService extends TenantRepository<Vendor> implements OwnerLookup {
  protected readonly readPermission = 'vendors:read';

  constructor(context: TenantContext) {
    super(context, Vendor);
  }

  async assertVisible(id: string, permission: Permission): Promise<void> {
    await this.getVisible(id, permission);
  }

  protected ownedBy(query: SelectQueryBuilder<Vendor>, vendorId: string): void {
    query.andWhere(`${this.alias}.id = :vendorId`, { vendorId });
  }
}
