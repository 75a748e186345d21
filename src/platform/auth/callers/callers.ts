import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { Actor, type ActorFacts, type Impersonation } from '../../../kernel/actor.js';
import { UnauthenticatedError } from '../../../kernel/errors.js';
import { ofAccount, ofSession, ofTenant } from '../../tenancy/changes/change.js';
import { Changes } from '../../tenancy/changes/changes.js';
import { LiveCache } from '../../tenancy/changes/live-cache.js';
import { assertNotSuspended, bindingOf } from '../../tenancy/registry/tenant-directory.js';
import type { Tenant } from '../../tenancy/registry/tenant.entity.js';
import { whileEntering } from '../../tenancy/shares/entering.js';
import { TenantShares } from '../../tenancy/shares/tenant-shares.js';
import type { TenantBinding } from '../../tenancy/tenant-binding.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { AgentFacts } from '../agents/agent-facts.js';
import type { AccessClaims } from '../tokens/access-tokens.js';
import { SessionFacts } from './session-facts.js';

/** In callers and in what is granted to them; some tens of megabytes. */
const REMEMBERED_WEIGHT = 500_000;
/** Beside the grants: sets, ids, and the questions by subject. */
const CALLER_WEIGHT = 10;

/** Who calls, and how to reach the data of their tenant (null for operators). */
export interface Caller {
  actor: Actor;
  binding: TenantBinding | null;
}

/**
 * Says what is true now of the caller that a verified token names: a session that was ended, an account that was
 * removed, a role that was taken away or a tenant that was suspended counts from the next request on, on this node, and
 * within a second on all. Remembers, as long as it can be sure to hear of such changes; else it asks the database.
 */
@Injectable()
export class Callers {
  private readonly remembered: LiveCache<ActorFacts>;

  constructor(
    changes: Changes,
    private readonly sessions: SessionFacts,
    private readonly agents: AgentFacts,
    readonly context: TenantContext,
    readonly shares: TenantShares,
  ) {
    this.remembered = new LiveCache(
      changes,
      REMEMBERED_WEIGHT,
      ({ entries = [] }) => CALLER_WEIGHT + entries.length,
    );
  }

  /** Throws UnauthenticatedError; ForbiddenError when the tenant is suspended; RateLimitedError when it floods us. */
  async identify(request: Request, { sub, sid, tid, act, client_id }: AccessClaims): Promise<Caller> {
    const tenant = await this.sessions.findRealm(tid ?? null);
    if (tenant === undefined) throw new UnauthenticatedError();
    if (tenant) assertNotSuspended(tenant);
    const lookUp = () => this.lookUp(tenant, sub, sid, client_id !== undefined);
    const facts = await (tenant ? whileEntering(request, tenant, this, lookUp) : lookUp());
    if (!facts || facts.impersonation?.operatorId !== act?.sub) throw new UnauthenticatedError();
    if (facts.impersonation) await this.assertStillThere(facts.impersonation);
    return { actor: new Actor(facts), binding: tenant && bindingFor(tenant, facts) };
  }

  /** What an operator does as a user ends with the session in which they began it, and with their account. */
  private async assertStillThere({ operatorId, operatorSessionId }: Impersonation): Promise<void> {
    const operator = await this.lookUp(null, operatorId, operatorSessionId);
    if (!operator) throw new UnauthenticatedError();
  }

  /** An agent stands where an account does, and its credential where a session does. */
  private lookUp(tenant: Tenant | null, accountId: string, sessionId: string, isAgent = false) {
    const tenantId = tenant?.id ?? null;
    if (isAgent && !tenant) return Promise.resolve(undefined);
    const ask = () =>
      isAgent && tenant
        ? this.agents.ask(tenant, accountId, sessionId)
        : this.sessions.ask(tenant, accountId, sessionId);
    const about = [ofSession(tenantId, sessionId), ofAccount(tenantId, accountId)];
    if (tenantId !== null) about.push(ofTenant(tenantId));
    const sources = tenant ? this.context.announcersOf(tenant.database) : undefined;
    return this.remembered.find(
      `${tenantId ?? '0'} ${sessionId} ${accountId} ${isAgent ? 'agent' : ''}`,
      about,
      ask,
      sources,
    );
  }
}

/** Who only looks on is kept from writing by PostgreSQL too. */
function bindingFor(tenant: Tenant, { impersonation }: ActorFacts): TenantBinding {
  const binding = bindingOf(tenant);
  return impersonation?.readOnly ? { ...binding, readOnly: true } : binding;
}
