import { Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import type { Permission } from '../../kernel/permissions.js';
import type { OwnerLookup } from '../../platform/http/route.js';
import { TenantContext } from '../../platform/tenancy/tenant-context.js';
import { TenantRepository } from '../../platform/tenancy/tenant.repository.js';
import { Agent } from './agent.entity.js';

@Injectable()
export class AgentsService extends TenantRepository<Agent> implements OwnerLookup {
  protected readonly readPermission = 'agents:read';

  constructor(context: TenantContext) {
    super(context, Agent);
  }

  async assertVisible(id: string, permission: Permission): Promise<void> {
    await this.getVisible(id, permission);
  }

  protected ownedBy(query: SelectQueryBuilder<Agent>, vendorId: string): void {
    query.andWhere(`${this.alias}.vendorId = :vendorId`, { vendorId });
  }
}
