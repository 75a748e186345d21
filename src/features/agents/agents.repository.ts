import { Inject, Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
import { ITEM, matchesText } from '../../platform/tenancy/page-query.js';
import { TenantContext } from '../../platform/tenancy/tenant-context.js';
import { TenantRepository } from '../../platform/tenancy/tenant.repository.js';
import { Agent, type AgentKind, type AgentStatus } from './agent.entity.js';

export interface AgentFilter {
  vendorId?: string;
  status?: AgentStatus;
  kind?: AgentKind;
  q?: string;
}

@Injectable()
export class AgentsRepository extends TenantRepository<Agent> {
  protected readonly readPermission = 'agents:read';
  protected override readonly quota = 'agents';

  constructor(@Inject(TenantContext) context: TenantContext) {
    super(context, Agent);
  }

  list(request: PageRequest, filter: AgentFilter): Promise<Page<Agent>> {
    return this.findPage(request, (query) => {
      if (filter.vendorId) query.andWhere(`${ITEM}.vendorId = :ofVendor`, { ofVendor: filter.vendorId });
      if (filter.status) query.andWhere(`${ITEM}.status = :status`, { status: filter.status });
      if (filter.kind) query.andWhere(`${ITEM}.kind = :kind`, { kind: filter.kind });
      if (filter.q) matchesText(query, `${ITEM}.name`, filter.q);
    });
  }

  protected ownedBy(query: SelectQueryBuilder<Agent>, vendorId: string): void {
    query.andWhere(`${ITEM}.vendorId = :vendorId`, { vendorId });
  }
}
