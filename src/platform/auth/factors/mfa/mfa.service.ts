import { Injectable } from '@nestjs/common';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { UnauthenticatedError } from '../../../../kernel/errors.js';
import { AuditTrail } from '../../../audit/audit-trail.js';
import { assertNotSuspended } from '../../../tenancy/registry/tenant-directory.js';
import type { AccountStore } from '../../accounts/account-store.js';
import { AccountStores } from '../../accounts/account-stores.js';
import type { TokenPairDto } from '../../auth.dto.js';
import { parseOpaqueToken, type OpaqueToken } from '../../sessions/opaque-token.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { FactorChecks } from '../factor-checks.js';
import { WebAuthn } from '../passkeys/webauthn.js';
import type { MfaDto } from './mfa.dto.js';

/** Finishes sign-ins that lack their second factor. */
@Injectable()
export class MfaService {
  constructor(
    private readonly stores: AccountStores,
    private readonly checks: FactorChecks,
    private readonly webAuthn: WebAuthn,
    private readonly sessions: SessionsService,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Begins the session. A wrong factor and a token that is not good (unknown, expired, finished, without attempts left)
   * are one and the same UnauthenticatedError. Of several right answers to one token, one succeeds.
   */
  async complete({ mfaToken, ...shown }: MfaDto, address: string): Promise<TokenPairDto> {
    return this.withToken(mfaToken, async (store, token) => {
      const accountId = await store.factors.pendingLogins.spend(token, 'factor');
      if (accountId === undefined) throw refused();
      const methods = await this.checks.check(store, { accountId, address }, shown, 'mfa');
      if (!methods) throw refused();
      return store.transaction(async (inside) => {
        if (!(await inside.factors.pendingLogins.finish(token.id))) throw refused();
        const detail = { method: shown.method };
        await this.audit.record({ action: 'authn_login_success', outcome: 'success', accountId, detail });
        return this.sessions.start(inside, accountId, { methods });
      });
    });
  }

  /** What a browser needs to finish the sign-in by a passkey. */
  async passkeyOptions(mfaToken: string): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return this.withToken(mfaToken, async (store, token) => {
      const pending = await store.factors.pendingLogins.find(token, 'factor');
      if (!pending) throw refused();
      return this.webAuthn.requestOptions(store, 'mfa', pending.accountId);
    });
  }

  /** Runs work in the realm that the token names. Throws UnauthenticatedError when there is none. */
  async withToken<T>(
    mfaToken: string,
    work: (store: AccountStore, token: OpaqueToken) => Promise<T>,
  ): Promise<T> {
    const token = parseOpaqueToken('mfa', mfaToken);
    const tenant = token && (await this.stores.findRealm(token.tenantId));
    if (tenant === undefined || !token) throw refused();
    if (tenant) assertNotSuspended(tenant);
    return this.stores.within(tenant, (store) => work(store, token));
  }
}

export const refused = (): UnauthenticatedError =>
  new UnauthenticatedError(
    'invalid_credentials',
    'The code, the passkey or the token of the sign-in is wrong.',
  );
