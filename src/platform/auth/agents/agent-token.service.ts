import { Injectable } from '@nestjs/common';
import { Actor } from '../../../kernel/actor.js';
import { DomainError } from '../../../kernel/errors.js';
import { AgentCredentialsRepository } from '../../api-keys/agents/agent-credentials.repository.js';
import { AssertionsRepository } from '../../api-keys/agents/assertions.repository.js';
import { AuditTrail, programOf } from '../../audit/audit-trail.js';
import { assertNotSuspended, bindingOf } from '../../tenancy/registry/tenant-directory.js';
import type { Tenant } from '../../tenancy/registry/tenant.entity.js';
import { AccountStores } from '../accounts/account-stores.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { agentFacts } from './agent-facts.js';
import type { AgentTokenDto, AgentTokenRequestDto } from './agent-token.dto.js';
import { invalidClient, proveAssertion, readAssertion, type ClaimedAssertion } from './client-assertion.js';

/** Gives software agents access tokens. There is nothing to refresh them with: another assertion gets another. */
@Injectable()
export class AgentTokenService {
  constructor(
    private readonly stores: AccountStores,
    private readonly credentials: AgentCredentialsRepository,
    private readonly assertions: AssertionsRepository,
    private readonly tokens: AccessTokens,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Throws UnauthenticatedError for an assertion that is not good, or was used before, on whatever node; ForbiddenError
   * when it is good and the tenant is suspended.
   */
  async issue(request: AgentTokenRequestDto, address: string): Promise<AgentTokenDto> {
    let tenant: Tenant | null | undefined;
    try {
      const claimed = readAssertion(request.client_assertion);
      tenant = await this.stores.findRealm(claimed.tenantId);
      if (!tenant || (request.client_id ?? claimed.clientId) !== claimed.clientId) throw invalidClient();
      return await this.issueIn(tenant, claimed, request.client_assertion, address);
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'unauthenticated') await this.recordFailure(tenant);
      throw error;
    }
  }

  private issueIn(
    tenant: Tenant,
    { clientId, agentId, credentialId }: ClaimedAssertion,
    assertion: string,
    address: string,
  ): Promise<AgentTokenDto> {
    return this.stores.within(tenant, async () => {
      const good = await this.credentials.findGood(credentialId, agentId);
      if (!good) throw invalidClient();
      const { publicKey } = good.credential;
      const proved = await proveAssertion(assertion, { publicKey, clientId, issuer: this.tokens.issuer });
      assertNotSuspended(tenant);
      await this.credentials.together(async () => {
        if (!(await this.assertions.use(credentialId, proved.jti, proved.keepUntil)))
          throw invalidClient('The assertion was used before.');
        await this.credentials.noteUse(credentialId, new Date(), address);
        await this.recordSuccess(tenant, new Actor(agentFacts(good, tenant.id)));
      });
      const { token, seconds } = await this.tokens.signForAgent({
        ...{ agentId, clientId, credentialId, tenantId: tenant.id, until: good.until },
      });
      return { access_token: token, token_type: 'Bearer', expires_in: seconds };
    });
  }

  private recordSuccess(tenant: Tenant, agent: Actor): Promise<void> {
    const target = { type: 'agent_credential', id: agent.sessionId };
    const origin = {
      ...this.audit.originOf(),
      ...{ actorKind: agent.kind, actorId: agent.id, program: programOf(agent) },
    };
    const event = { action: 'authn_login_success', outcome: 'success', target } as const;
    return this.audit.recordIn(bindingOf(tenant), event, origin);
  }

  /** In the log of the tenant that was named, if there is one; else in the platform's. */
  private recordFailure(tenant: Tenant | null | undefined): Promise<void> {
    return this.stores.within(tenant ?? null, () =>
      this.audit.record({
        action: 'authn_login_fail',
        outcome: 'failure',
        detail: { method: 'client_assertion' },
      }),
    );
  }
}
