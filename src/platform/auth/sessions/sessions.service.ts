import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import { NotFoundError, UnauthenticatedError } from '../../../kernel/errors.js';
import type { SecurityAction } from '../../../kernel/security-event.js';
import type { Page } from '../../../kernel/page.js';
import { AuditTrail } from '../../audit/audit-trail.js';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.js';
import { clientFacts } from '../../http/request/client-facts.js';
import { assertNotSuspended } from '../../tenancy/registry/tenant-directory.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { invalidCredentials } from '../accounts/invalid-credentials.js';
import type { AccountStore } from '../accounts/account-store.js';
import { AccountStores } from '../accounts/account-stores.js';
import { SecurityPolicyService } from '../factors/policy/security-policy.service.js';
import type { TokenPairDto } from '../auth.dto.js';
import { formatOpaqueToken, newSecret, parseOpaqueToken, type OpaqueToken } from './opaque-token.js';
import type { SessionColumns } from './session.entity.js';

/** Far more sessions than a person has; nobody pages through their own. */
const MAX_LISTED = 100;

/** How an account has proved itself. */
export interface Proof {
  methods: readonly string[];
}

interface SessionFacts {
  id: string;
  accountId: string;
  expiresAt: Date;
}

/** Begins, continues and ends sessions. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly stores: AccountStores,
    private readonly tokens: AccessTokens,
    private readonly policies: SecurityPolicyService,
    private readonly audit: AuditTrail,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Begins a session of an account that has proved itself, by these methods (RFC 8176: `pwd`, `otp`, `hwk`). Throws
   * UnauthenticatedError for one that is shut.
   */
  async start(store: AccountStore, accountId: string, { methods }: Proof): Promise<TokenPairDto> {
    // Whatever led here, nobody gets in who may not.
    if ((await store.accounts.get(accountId)).lockedAt !== null) throw invalidCredentials();
    const { secret, secretHash } = newSecret();
    const expiresAt = new Date(Date.now() + this.config.refreshTokenSeconds * 1000);
    await store.sessions.removeDead(accountId);
    const id = await store.sessions.insert({
      accountId,
      refreshHash: secretHash,
      expiresAt,
      methods: [...methods],
      ...clientFacts(),
    });
    return this.pair(store, { id, accountId, expiresAt }, secret);
  }

  /**
   * Exchanges a refresh token for the next pair. Throws UnauthenticatedError for one that is not good; if it was good
   * once, somebody has a copy, and the session ends with all that came of it. Throws ForbiddenError when the tenant is
   * suspended, to the holder of a good one alone.
   */
  async refresh(text: string): Promise<TokenPairDto> {
    const token = parseOpaqueToken('rt', text);
    const tenant = token && (await this.stores.findRealm(token.tenantId));
    if (tenant === undefined || !token) throw new UnauthenticatedError();
    return this.stores.within(tenant, async (store) => {
      if (tenant && (await store.sessions.isNewest(token.id, token.secretHash))) assertNotSuspended(tenant);
      return this.rotate(store, token);
    });
  }

  /** The caller's own live sessions, newest first. */
  async list(actor: Actor): Promise<Page<SessionColumns>> {
    const data = await this.stores.of(actor).sessions.findLive(actor.id, MAX_LISTED);
    return { data, nextCursor: null, limit: MAX_LISTED };
  }

  /** Ends one of the caller's own sessions. Throws NotFoundError for any other. */
  async end(actor: Actor, id: string): Promise<void> {
    const wasLive = await this.stores.of(actor).sessions.end({ id, accountId: actor.id });
    if (!wasLive) throw new NotFoundError();
    await this.recordEnd({ type: 'session', id });
  }

  /** Ends the session of this very request. */
  async endCurrent(actor: Actor): Promise<void> {
    const { sessionId: id, impersonation } = actor;
    await this.stores.of(actor).sessions.end({ id, accountId: actor.id });
    await this.recordEnd({ type: 'session', id }, impersonation ? 'authn_impersonation_end' : undefined);
  }

  /** Ends all sessions of a user of the tenant that is bound to the call. */
  async endAllOf(userId: string): Promise<void> {
    await this.stores.users.sessions.end({ accountId: userId });
    await this.recordEnd({ type: 'user', id: userId });
  }

  private recordEnd(
    target: { type: string; id: string },
    action: SecurityAction = 'session_ended',
  ): Promise<void> {
    return this.audit.record({ action, outcome: 'success', target });
  }

  private async rotate(store: AccountStore, { id, secretHash }: OpaqueToken): Promise<TokenPairDto> {
    const next = newSecret();
    const rotated = await store.sessions.rotate(id, secretHash, next.secretHash, clientFacts());
    if (!rotated) {
      if (await store.sessions.endIfUsed(id, secretHash))
        await this.audit.record({
          action: 'authn_token_reuse',
          outcome: 'denied',
          target: { type: 'session', id },
        });
      throw new UnauthenticatedError();
    }
    if (!(await this.policies.allowsSession(store, id, rotated.accountId))) {
      await store.sessions.end({ id });
      throw new UnauthenticatedError();
    }
    return this.pair(store, { id, ...rotated }, next.secret);
  }

  private async pair(store: AccountStore, session: SessionFacts, secret: string): Promise<TokenPairDto> {
    const { accessTokenSeconds, sessionIdleSeconds } = this.config;
    const { id, accountId, expiresAt } = session;
    const secondsLeft = Math.floor((expiresAt.getTime() - Date.now()) / 1000);
    return {
      accessToken: await this.tokens.sign(accountId, id, store.tenantId),
      tokenType: 'Bearer',
      expiresIn: accessTokenSeconds,
      refreshToken: formatOpaqueToken('rt', store.tenantId, id, secret),
      refreshExpiresIn: Math.min(secondsLeft, sessionIdleSeconds),
    };
  }
}
