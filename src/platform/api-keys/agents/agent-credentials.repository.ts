import { Inject, Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../../kernel/page.js';
import { ITEM } from '../../tenancy/page-query.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { tenantTable } from '../../tenancy/tenant-schema.js';
import { TenantRepository } from '../../tenancy/tenant.repository.js';
import { announceEndingIn, type EndingKey } from '../expiry/ending-keys.js';
import { AgentCredential } from './agent-credential.entity.js';

export interface AgentCredentialFilter {
  agentId?: string;
  vendorId?: string;
  q?: string;
}

/** An agent as far as its credentials are concerned. */
export interface CredentialOwner {
  vendorId: string;
  kind: string;
}

/** A credential that is good now. */
export interface GoodCredential {
  credential: AgentCredential;
  agentName: string;
  /** When it ends by itself: with its own end or its agent's. */
  until: Date;
}

const FIND_AGENT = `SELECT vendor_id AS "vendorId", kind FROM ${tenantTable('agent')} WHERE id = $1 FOR UPDATE`;
/** Neither waits for whoever changes the row, nor touches what its ETag is made of. */
const NOTE_USE = `
  UPDATE ${tenantTable('agent_credential')} SET last_used_at = $2, last_used_from = $3
   WHERE id IN (SELECT id FROM ${tenantTable('agent_credential')} WHERE id = $1 FOR UPDATE SKIP LOCKED)`;
const ANNOUNCE_ENDING = announceEndingIn('agent_credential');

/** The credentials of the software agents of a tenant. */
@Injectable()
export class AgentCredentialsRepository extends TenantRepository<AgentCredential> {
  protected readonly readPermission = 'agent_credentials:read';

  constructor(@Inject(TenantContext) context: TenantContext) {
    super(context, AgentCredential);
  }

  list(request: PageRequest, filter: AgentCredentialFilter): Promise<Page<AgentCredential>> {
    const { agentId, vendorId, q } = filter;
    return this.findPage(request, { equals: { agentId, vendorId }, search: ['name', q] });
  }

  countOf(agentId: string): Promise<number> {
    return this.repository.countBy({ agentId });
  }

  /** The agent with this id, whosever it is, held until the transaction under way ends. */
  async holdAgent(id: string): Promise<CredentialOwner | undefined> {
    const [agent] = await this.context.manager.query<CredentialOwner[]>(FIND_AGENT, [id]);
    return agent;
  }

  /**
   * The credential of that agent, whoever calls; undefined when it is not good now: it expired, its agent is not active
   * software or not any more, or its vendor is suspended.
   */
  async findGood(id: string, agentId: string): Promise<GoodCredential | undefined> {
    const { entities, raw } = await this.repository
      .createQueryBuilder(ITEM)
      .innerJoin('Agent', 'agent', `agent.id = ${ITEM}.agentId`)
      .innerJoin('Vendor', 'vendor', `vendor.id = ${ITEM}.vendorId`)
      .addSelect('agent.name', 'owner_name')
      .addSelect('agent.validUntil', 'owner_until')
      .where(`${ITEM}.id = :id AND ${ITEM}.agentId = :agentId`, { id, agentId })
      .andWhere(`${ITEM}.expiresAt > :now AND (agent.validUntil IS NULL OR agent.validUntil > :now)`, {
        now: new Date(),
      })
      .andWhere(`agent.kind = 'software' AND agent.status = 'active' AND vendor.status <> 'suspended'`)
      .getRawAndEntities<{ owner_name: string; owner_until: Date | null }>();
    const [[credential], [owner]] = [entities, raw];
    if (!credential || !owner) return undefined;
    const { owner_name: agentName, owner_until: ownerUntil } = owner;
    const until =
      ownerUntil !== null && ownerUntil < credential.expiresAt ? ownerUntil : credential.expiresAt;
    return { credential, agentName, until };
  }

  /** Remembers that a token was given for the credential. */
  async noteUse(id: string, at: Date, from: string | null): Promise<void> {
    await this.context.manager.query(NOTE_USE, [id, at, from]);
  }

  /** The credentials that end within 14, 7 or 1 days, each told of once for each of these. */
  async announceEnding(): Promise<EndingKey[]> {
    const [rows] = await this.context.manager.query<[EndingKey[], number]>(ANNOUNCE_ENDING);
    return rows;
  }

  protected ownedBy(query: SelectQueryBuilder<AgentCredential>, vendorId: string): void {
    query.andWhere(`${ITEM}.vendorId = :vendorId`, { vendorId });
  }
}
