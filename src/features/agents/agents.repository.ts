import { Inject, Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
import { ITEM } from '../../platform/tenancy/page-query.js';
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

  list(request: PageRequest, { q, vendorId, status, kind }: AgentFilter): Promise<Page<Agent>> {
    return this.findPage(request, { equals: { vendorId, status, kind }, search: ['name', q] });
  }

  protected ownedBy(query: SelectQueryBuilder<Agent>, vendorId: string): void {
    query.andWhere(`${ITEM}.vendorId = :vendorId`, { vendorId });
  }
}
