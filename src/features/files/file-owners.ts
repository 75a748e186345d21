import { Injectable } from '@nestjs/common';
import type { Permission } from '../../kernel/permissions.js';
import { AgentsService } from '../agents/agents.service.js';
import { VendorsService } from '../vendors/vendors.service.js';
import type { FileOwner } from './files.repository.js';

/** What files are attached to, as far as the caller may see it. */
@Injectable()
export class FileOwners {
  constructor(
    private readonly vendors: VendorsService,
    private readonly agents: AgentsService,
  ) {}

  async vendor(id: string, permission: Permission): Promise<FileOwner> {
    const vendor = await this.vendors.getVisible(id, permission);
    return { vendorId: vendor.id, agentId: null };
  }

  async agent(id: string, permission: Permission): Promise<FileOwner> {
    const agent = await this.agents.getVisible(id, permission);
    return { vendorId: agent.vendorId, agentId: agent.id };
  }
}
