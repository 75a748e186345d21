import { Injectable } from '@nestjs/common';
import { ConflictError, InvalidError } from '../../../kernel/errors.js';
import type { Page } from '../../../kernel/page.js';
import type { Permission } from '../../../kernel/permissions.js';
import type { SecurityAction } from '../../../kernel/security-event.js';
import type { ExpectedVersions } from '../../../kernel/version.js';
import { AuditTrail } from '../../audit/audit-trail.js';
import { pageRequest } from '../../http/page-request.js';
import type { OwnerLookup } from '../../http/route.js';
import { Delegation } from '../../roles/delegation.js';
import { endOf } from '../key-life.js';
import { assertForProgram } from '../program-rights.js';
import type { AgentCredential } from './agent-credential.entity.js';
import type { AgentCredentialQueryDto, CreateAgentCredentialDto } from './agent-credentials.dto.js';
import { AgentCredentialsRepository } from './agent-credentials.repository.js';

/** Enough to change over from one to the next in several places. */
const MAX_CREDENTIALS_OF_AGENT = 20;

/** The rules of agents' credentials. Who registers one must hold all that it grants. */
@Injectable()
export class AgentCredentialsService implements OwnerLookup {
  constructor(
    private readonly credentials: AgentCredentialsRepository,
    private readonly delegation: Delegation,
    private readonly audit: AuditTrail,
  ) {}

  list(query: AgentCredentialQueryDto): Promise<Page<AgentCredential>> {
    return this.credentials.list(pageRequest(query), query);
  }

  get(id: string): Promise<AgentCredential> {
    return this.credentials.getVisible(id, 'agent_credentials:read');
  }

  /**
   * Throws InvalidError for an agent that is not there or no software, a key that is none, or rights that no agent of this
   * vendor can have; ForbiddenInputError for more than the caller holds; ConflictError for a key that the agent has already.
   */
  async create(dto: CreateAgentCredentialDto): Promise<AgentCredential> {
    const { agentId, name, permissions, exceptFields = [] } = dto;
    const publicKey = publicKeyIn(dto);
    const expiresAt = endOf(dto.expiresAt, new Date());
    return this.credentials.together(async () => {
      const vendorId = await this.vendorOf(agentId);
      assertForProgram({ permissions, exceptFields }, vendorId);
      this.delegation.assertMayGrant({ permissions, exceptFields }, [vendorId]);
      if ((await this.credentials.countOf(agentId)) >= MAX_CREDENTIALS_OF_AGENT)
        throw new ConflictError('There are too many credentials already; revoke those that are not needed.');
      const row = { agentId, vendorId, name, publicKey, permissions, exceptFields, expiresAt };
      const made = await this.credentials.insert(row);
      await this.record('authn_token_created', made);
      return made;
    });
  }

  /** Ends the credential and all tokens that were given for it, on every node within a second. */
  async remove(id: string, expected: ExpectedVersions): Promise<void> {
    await this.credentials.together(async () => {
      const removed = await this.credentials.remove(id, 'agent_credentials:delete', expected);
      await this.record('authn_token_revoked', removed);
    });
  }

  async assertVisible(id: string, permission: Permission): Promise<string | null> {
    return (await this.credentials.getVisible(id, permission)).vendorId;
  }

  /** The vendor of a software agent within the caller's reach. */
  private async vendorOf(agentId: string): Promise<string> {
    const confinedTo = this.credentials.confinedTo('agent_credentials:create');
    const agent = await this.credentials.holdAgent(agentId);
    if (!agent || (confinedTo !== null && agent.vendorId !== confinedTo))
      throw InvalidError.field('/agentId', 'unknown', 'There is no such agent.');
    if (agent.kind !== 'software')
      throw InvalidError.field('/agentId', 'not_software', 'People sign in as users; this agent is one.');
    return agent.vendorId;
  }

  private record(action: SecurityAction, { id, agentId, vendorId }: AgentCredential): Promise<void> {
    const target = { type: 'agent_credential', id };
    return this.audit.record({ action, outcome: 'success', target, detail: { agentId, vendorId } });
  }
}

/** Of the 43 characters the last has two bits that mean nothing: one spelling of a key is enough. */
function publicKeyIn({ publicKey: { x } }: CreateAgentCredentialDto): string {
  if (Buffer.from(x, 'base64url').toString('base64url') !== x)
    throw InvalidError.field('/publicKey/x', 'public_key', 'Must be 32 octets in base64url.');
  return x;
}
