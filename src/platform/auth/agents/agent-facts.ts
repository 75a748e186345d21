import { Injectable } from '@nestjs/common';
import type { ActorFacts } from '../../../kernel/actor.js';
import {
  AgentCredentialsRepository,
  type GoodCredential,
} from '../../api-keys/agents/agent-credentials.repository.js';
import { programEntries } from '../../api-keys/program-rights.js';
import type { Answer } from '../../tenancy/changes/live-cache.js';
import type { Tenant } from '../../tenancy/registry/tenant.entity.js';
import { AccountStores } from '../accounts/account-stores.js';

/** Who an agent is that comes by a good credential, and what it may do: what is written there, as far as its vendor holds it. */
export const agentFacts = ({ credential }: GoodCredential, tenantId: string): ActorFacts => ({
  kind: 'agent',
  id: credential.agentId,
  sessionId: credential.id,
  tenantId,
  vendorId: credential.vendorId,
  roles: [],
  entries: programEntries(credential, credential.vendorId),
});

/** Asks the database what is true of an agent now. */
@Injectable()
export class AgentFacts {
  constructor(
    private readonly stores: AccountStores,
    private readonly credentials: AgentCredentialsRepository,
  ) {}

  /** Undefined when the credential is not good, or is another agent's. */
  async ask(tenant: Tenant, agentId: string, credentialId: string): Promise<Answer<ActorFacts> | undefined> {
    const good = await this.stores.within(tenant, () => this.credentials.findGood(credentialId, agentId));
    return good && { value: agentFacts(good, tenant.id), until: good.until.getTime() };
  }
}
