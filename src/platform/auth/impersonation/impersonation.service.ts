import { Injectable } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import { ForbiddenError, InvalidError } from '../../../kernel/errors.js';
import { AuditTrail } from '../../audit/audit-trail.js';
import { clientFacts } from '../../http/request/client-facts.js';
import { assertNotSuspended } from '../../tenancy/registry/tenant-directory.js';
import type { Tenant } from '../../tenancy/registry/tenant.entity.js';
import type { AccountStore } from '../accounts/account-store.js';
import { AccountStores } from '../accounts/account-stores.js';
import { newSecret } from '../sessions/opaque-token.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import type { ImpersonationGrant, ImpersonationRequest } from './impersonation.js';
import { SupportAccessRepository } from './support-access.repository.js';

const LONGEST_MINUTES = 60;

/** Lets an operator act as a user: with the tenant's consent, for a reason, for a while (RFC 8693, 4.1). */
@Injectable()
export class ImpersonationService {
  constructor(
    private readonly stores: AccountStores,
    private readonly consents: SupportAccessRepository,
    private readonly tokens: AccessTokens,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Begins a session of the user that names the operator. Throws ForbiddenError without the tenant's consent, or when
   * that does not cover changes; InvalidError for a user that is not there or is disabled.
   */
  async start(operator: Actor, tenant: Tenant, request: ImpersonationRequest): Promise<ImpersonationGrant> {
    assertNotSuspended(tenant);
    const grant = await this.stores.within(tenant, (store) =>
      store.transaction((inside) => this.startIn(inside, operator, request)),
    );
    await this.record(operator, request, grant, tenant.id);
    return grant;
  }

  private async startIn(
    store: AccountStore,
    operator: Actor,
    request: ImpersonationRequest,
  ): Promise<ImpersonationGrant> {
    const { userId, reason, minutes = LONGEST_MINUTES, readOnly = true } = request;
    const consent = await this.consents.hold();
    if (!consent)
      throw new ForbiddenError('support_access_required', 'The tenant has not consented to this.');
    if (!readOnly && !consent.allowWrites)
      throw new ForbiddenError('support_access_required', 'The tenant has consented to reading alone.');
    const user = await store.accounts.findById(userId);
    if (user?.status !== 'active')
      throw InvalidError.field('/userId', 'unknown', 'There is no such user who can sign in.');
    const lasts = Math.min(Date.now() + minutes * 60_000, consent.until.getTime());
    const expiresAt = new Date(lasts);
    const sessionId = await store.sessions.insert({
      accountId: userId,
      // Of a secret that nobody ever learns.
      refreshHash: newSecret().secretHash,
      expiresAt,
      methods: [],
      ...clientFacts(),
      impersonation: {
        operatorId: operator.id,
        operatorSessionId: operator.sessionId,
        reason,
        readOnly,
      },
    });
    const seconds = Math.max(1, Math.floor((lasts - Date.now()) / 1000));
    const acting = { operatorId: operator.id, seconds };
    const accessToken = await this.tokens.sign(userId, sessionId, store.tenantId, acting);
    const grant = { accessToken, sessionId, expiresAt, readOnly };
    await this.record(operator, request, grant, store.tenantId);
    return grant;
  }

  /** In the tenant's log, where the tenant sees it, and in the platform's. */
  private record(
    operator: Actor,
    { userId, reason }: ImpersonationRequest,
    { sessionId, expiresAt, readOnly }: ImpersonationGrant,
    tenantId: string | null,
  ): Promise<void> {
    return this.audit.record({
      action: 'authn_impersonation_start',
      outcome: 'success',
      accountId: operator.id,
      target: { type: 'user', id: userId },
      detail: { tenantId, sessionId, reason, readOnly, until: expiresAt.toISOString() },
    });
  }
}
