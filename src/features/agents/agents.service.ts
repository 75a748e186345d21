import { Injectable } from '@nestjs/common';
import { InvalidError, NotFoundError } from '../../kernel/errors.js';
import type { Page } from '../../kernel/page.js';
import type { Permission } from '../../kernel/permissions.js';
import { pageRequest } from '../../platform/http/page-request.js';
import type { OwnerLookup } from '../../platform/http/route.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import { VendorsService } from '../vendors/vendors.service.js';
import type { Agent } from './agent.entity.js';
import type { AgentQueryDto, CreateAgentDto, UpdateAgentDto } from './agents.dto.js';
import { AgentsRepository } from './agents.repository.js';

/** The rules of agents. An agent belongs to one vendor for good. */
@Injectable()
export class AgentsService implements OwnerLookup {
  constructor(
    private readonly agents: AgentsRepository,
    private readonly vendors: VendorsService,
  ) {}

  list(query: AgentQueryDto): Promise<Page<Agent>> {
    return this.agents.list(pageRequest(query), query);
  }

  getVisible(id: string, permission: Permission = 'agents:read'): Promise<Agent> {
    return this.agents.getVisible(id, permission);
  }

  /** Callers who are confined to a vendor need not name it. Throws InvalidError for a vendor they may not see. */
  async create(dto: CreateAgentDto): Promise<Agent> {
    const vendorId = dto.vendorId ?? this.agents.confinedTo('agents:create');
    if (vendorId === null) throw InvalidError.field('/vendorId', 'required', 'The vendor must be named.');
    await this.assertVendor(vendorId);
    return this.agents.insert({
      ...columnsOf(dto),
      vendorId,
      status: dto.status ?? 'pending',
      capabilities: dto.capabilities ?? [],
    });
  }

  async update(id: string, dto: UpdateAgentDto, expected: ExpectedVersions): Promise<Agent> {
    return this.agents.change(id, 'agents:update', expected, (agent) => {
      if (dto.vendorId !== undefined && dto.vendorId !== agent.vendorId) {
        throw InvalidError.field('/vendorId', 'immutable', 'An agent cannot be moved to another vendor.');
      }
      Object.assign(agent, columnsOf(dto));
    });
  }

  async remove(id: string, expected: ExpectedVersions): Promise<void> {
    await this.agents.remove(id, 'agents:delete', expected);
  }

  async assertVisible(id: string, permission: Permission): Promise<string | null> {
    return (await this.agents.getVisible(id, permission)).vendorId;
  }

  private async assertVendor(vendorId: string): Promise<void> {
    try {
      await this.vendors.assertVisible(vendorId, 'agents:create');
    } catch (error) {
      if (error instanceof NotFoundError)
        throw InvalidError.field('/vendorId', 'unknown', 'There is no such vendor.');
      throw error;
    }
  }
}

/** The fields as the entity has them: times as dates. */
function columnsOf<T extends UpdateAgentDto>({
  validUntil,
  ...rest
}: T): Omit<T, 'validUntil'> & Partial<Pick<Agent, 'validUntil'>> {
  return validUntil === undefined
    ? rest
    : { ...rest, validUntil: validUntil === null ? null : new Date(validUntil) };
}
