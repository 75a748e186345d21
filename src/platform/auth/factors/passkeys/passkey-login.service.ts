import { Injectable } from '@nestjs/common';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { UnauthenticatedError } from '../../../../kernel/errors.js';
import { AuditTrail } from '../../../audit/audit-trail.js';
import { assertNotSuspended } from '../../../tenancy/registry/tenant-directory.js';
import { AccountStores } from '../../accounts/account-stores.js';
import type { TokenPairDto } from '../../auth.dto.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { passkeyMethods } from '../factor-checks.js';
import type { PasskeyLoginDto } from './passkey-login.dto.js';
import { WebAuthn } from './webauthn.js';

/** Signs in with a passkey alone: something the person has, unlocked by what they know or are. No address is asked for. */
@Injectable()
export class PasskeyLoginService {
  constructor(
    private readonly stores: AccountStores,
    private readonly webAuthn: WebAuthn,
    private readonly sessions: SessionsService,
    private readonly audit: AuditTrail,
  ) {}

  /** The answer is alike for a tenant that does not exist, and names no account. */
  async options(slug: string | undefined): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const tenant = await this.stores.findRealmBySlug(slug);
    if (tenant === undefined) return this.webAuthn.requestOptions(undefined, 'login', null);
    return this.stores.within(tenant, (store) => this.webAuthn.requestOptions(store, 'login', null));
  }

  /**
   * Begins a session. Every refusal is one and the same UnauthenticatedError; so is that of an account that was shut.
   * Throws ForbiddenError when all was right and the tenant is suspended. Failures lock nothing here, nor does a lock of the
   * password or of codes count: a signature cannot be guessed.
   */
  async login({ tenant: slug, credential }: PasskeyLoginDto): Promise<TokenPairDto> {
    const tenant = await this.stores.findRealmBySlug(slug);
    if (tenant === undefined) throw refused();
    return this.stores.within(tenant, async (store) => {
      const passkey = await this.webAuthn.verifyUse(store, 'login', null, credential);
      if (!passkey) throw refused();
      const { accountId } = passkey;
      if (tenant) assertNotSuspended(tenant);
      return store.transaction(async (inside) => {
        // Whoever shuts the account or removes the passkey meanwhile waits, and ends this session too.
        const account = await inside.accounts.lock(accountId);
        if (account.lockedAt !== null || !(await inside.factors.passkeys.findByCredential(credential.id)))
          throw refused();
        const detail = { method: 'passkey' };
        await this.audit.record({ action: 'authn_login_success', outcome: 'success', accountId, detail });
        return this.sessions.start(inside, accountId, { methods: passkeyMethods(passkey) });
      });
    });
  }
}

const refused = () =>
  new UnauthenticatedError('invalid_credentials', 'No account of that tenant has this passkey.');
