import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import { NotFoundError, UnauthenticatedError } from '../../../kernel/errors.js';
import type { Page } from '../../../kernel/page.js';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.js';
import { assertNotSuspended } from '../../tenancy/registry/tenant-directory.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import type { AccountStore } from '../accounts/account-store.js';
import { AccountStores } from '../accounts/account-stores.js';
import { SecurityPolicyService } from '../factors/policy/security-policy.service.js';
import type { TokenPairDto } from '../auth.dto.js';
import { formatOpaqueToken, newSecret, parseOpaqueToken, type OpaqueToken } from './opaque-token.js';
import type { SessionColumns } from './session.entity.js';

/** Far more sessions than a person has; nobody pages through their own. */
const MAX_LISTED = 100;

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
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Begins a session of an account that has proved itself, with what (RFC 8176). */
  async start(
    store: AccountStore,
    accountId: string,
    { methods }: { methods: readonly string[] } = { methods: ['pwd'] },
  ): Promise<TokenPairDto> {
    const { secret, secretHash } = newSecret();
    const expiresAt = new Date(Date.now() + this.config.refreshTokenSeconds * 1000);
    await store.sessions.removeDead(accountId);
    const id = await store.sessions.insert({
      accountId,
      refreshHash: secretHash,
      expiresAt,
      methods: [...methods],
      userAgent: null,
      address: null,
    });
    return this.pair(store, { id, accountId, expiresAt }, secret);
  }

  /**
   * Exchanges a refresh token for the next pair. Throws UnauthenticatedError for one that is not good; if it was good
   * once, somebody has a copy, and the session ends with all that came of it.
   */
  async refresh(text: string): Promise<TokenPairDto> {
    const token = parseOpaqueToken('rt', text);
    const tenant = token && (await this.stores.findRealm(token.tenantId));
    if (tenant === undefined || !token) throw new UnauthenticatedError();
    if (tenant) assertNotSuspended(tenant);
    return this.stores.within(tenant, (store) => this.rotate(store, token));
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
  }

  /** Ends the session of this very request. */
  async endCurrent(actor: Actor): Promise<void> {
    await this.stores.of(actor).sessions.end({ id: actor.sessionId, accountId: actor.id });
  }

  private async rotate(store: AccountStore, { id, secretHash }: OpaqueToken): Promise<TokenPairDto> {
    const next = newSecret();
    const rotated = await store.sessions.rotate(id, secretHash, next.secretHash);
    if (!rotated) {
      await store.sessions.endIfUsed(id, secretHash);
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
