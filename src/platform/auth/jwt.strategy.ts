import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Strategy } from 'passport-jwt';
import { Actor } from '../../kernel/actor.js';
import { RateLimitedError, UnauthenticatedError } from '../../kernel/errors.js';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.js';
import { assertNotSuspended, bindingOf } from '../tenancy/registry/tenant-directory.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import type { TenantBinding } from '../tenancy/tenant-binding.js';
import { TenantShares } from '../tenancy/shares/tenant-shares.js';
import { announceBudgets } from '../http/response/rate-limit-fields.js';
import { RoleGrants } from '../roles/role-grants.js';
import type { Tenant } from '../tenancy/registry/tenant.entity.js';
import { AccountStores } from './accounts/account-stores.js';
import { AccessTokens, issuerOf, TOKEN_AUDIENCE, type AccessClaims } from './tokens/access-tokens.js';
import { SIGNING_ALGORITHM } from './tokens/signing-keys.js';

/** Who calls, and how to reach the data of their tenant (null for operators). */
export interface Caller {
  actor: Actor;
  binding: TenantBinding | null;
}

/**
 * Verifies the access token, then asks the database what is true now: a session that was ended, an account that was
 * removed, a role that was taken away or a tenant that was suspended counts from the next request on.
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    tokens: AccessTokens,
    private readonly stores: AccountStores,
    private readonly context: TenantContext,
    private readonly shares: TenantShares,
    private readonly roles: RoleGrants,
    @Inject(CONFIG) config: Config,
  ) {
    super({
      jwtFromRequest: bearerTokenOf,
      algorithms: [SIGNING_ALGORITHM],
      issuer: issuerOf(config),
      audience: TOKEN_AUDIENCE,
      passReqToCallback: true,
      secretOrKeyProvider: (_request, token: string, done) => {
        const key = tokens.keyFor(token);
        // The types know strings alone; jsonwebtoken takes a KeyObject, which need not be parsed anew each time.
        if (key) done(null, key as unknown as Buffer);
        else done(new Error('not a token of ours'));
      },
    });
  }

  /** Throws UnauthenticatedError; ForbiddenError when the tenant is suspended; RateLimitedError when it floods us. */
  async validate(request: Request, { sub, sid, tid }: AccessClaims): Promise<Caller> {
    const tenant = await this.stores.findRealm(tid ?? null);
    if (tenant === undefined) throw new UnauthenticatedError();
    if (tenant) assertNotSuspended(tenant);
    const lookUp = () =>
      this.stores.within(tenant, async (store) => {
        const account = await store.sessions.findAccount(sid, sub);
        return account && { ...account, entries: await this.roles.of(account.roles) };
      });
    const account = await (tenant ? this.withinShare(request, tenant, lookUp) : lookUp());
    if (!account) throw new UnauthenticatedError();
    const { kind, id, roles, vendorId, entries } = account;
    const actor = new Actor({
      ...{ kind, id, roles, vendorId, entries },
      sessionId: sid,
      tenantId: tenant?.id ?? null,
    });
    return { actor, binding: tenant && bindingOf(tenant) };
  }

  /** Spares the database the callers of a tenant whose share is used up. */
  private async withinShare<T>(request: Request, tenant: Tenant, lookUp: () => Promise<T>): Promise<T> {
    const limits = this.context.policyOf(tenant);
    try {
      return await this.shares.whileEntering(tenant.id, limits, lookUp);
    } catch (error) {
      if (error instanceof RateLimitedError && request.res)
        announceBudgets(request.res, this.shares.budgetsOf(tenant.id, limits));
      throw error;
    }
  }
}

/** RFC 6750: the scheme in any case, one token, nothing after it. */
const bearerTokenOf = (request: Request): string | null =>
  /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
