import { Injectable } from '@nestjs/common';
import type { ActorFacts } from '../../../kernel/actor.js';
import { RoleGrants } from '../../roles/role-grants.js';
import type { Answer } from '../../tenancy/changes/live-cache.js';
import type { Tenant } from '../../tenancy/registry/tenant.entity.js';
import { AccountStores } from '../accounts/account-stores.js';

/** Asks the database what is true of an account's session now. */
@Injectable()
export class SessionFacts {
  constructor(
    private readonly stores: AccountStores,
    private readonly roles: RoleGrants,
  ) {}

  /** As `AccountStores.findRealm`. */
  findRealm(tenantId: string | null): Promise<Tenant | null | undefined> {
    return this.stores.findRealm(tenantId);
  }

  /** Undefined when the session has ended, or is not this account's, or the account is shut. */
  async ask(
    tenant: Tenant | null,
    accountId: string,
    sessionId: string,
  ): Promise<Answer<ActorFacts> | undefined> {
    return this.stores.within(tenant, async ({ sessions, tenantId }) => {
      const found = await sessions.findLiveWithAccount(sessionId, accountId);
      if (!found) return undefined;
      const { account, session } = found;
      const { kind, id, roles, vendorId } = account;
      const { methods, provedAt, impersonation } = session;
      const entries = await this.roles.of(roles);
      const rights = { kind, id, roles, vendorId, entries };
      const value = { ...rights, sessionId, tenantId, methods, provedAt, impersonation };
      const until = Math.min(session.expiresAt.getTime(), sessions.idleEndOf(session).getTime());
      return { value, until };
    });
  }
}
