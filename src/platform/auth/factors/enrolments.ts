import { Injectable } from '@nestjs/common';
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import { ConflictError } from '../../../kernel/errors.js';
import { isUniqueViolation } from '../../tenancy/database-errors.js';
import type { AccountStore } from '../accounts/account-store.js';
import { AccountStores } from '../accounts/account-stores.js';
import type { AccountColumns } from '../accounts/account.entity.js';
import type { AttestationDto } from './passkeys/credential.dto.js';
import type { PasskeyColumns } from './passkeys/passkey.entity.js';
import { WebAuthn } from './passkeys/webauthn.js';
import { SecurityPolicyService } from './policy/security-policy.service.js';
import { TotpService, type TotpOffer } from './totp/totp.service.js';

const PASSKEY_NAME = 'Passkey';
/** Far more than a person has. */
const MAX_PASSKEYS = 20;

/** Enrols second factors, whoever asks for it: a session, or a sign-in that needs one first. */
@Injectable()
export class Enrolments {
  constructor(
    private readonly stores: AccountStores,
    private readonly policies: SecurityPolicyService,
    private readonly totp: TotpService,
    private readonly webAuthn: WebAuthn,
  ) {}

  /** Throws ConflictError when an app is enrolled already, or the tenant wants no second factors. */
  async beginTotp(store: AccountStore, accountId: string): Promise<TotpOffer> {
    await this.policies.assertEnrolmentAllowed(store);
    const account = await store.accounts.get(accountId);
    return this.totp.begin(store, accountId, await this.labelOf(store, account));
  }

  /** Throws ConflictError where there can be no passkeys, or the tenant wants no second factors. */
  async beginPasskey(
    store: AccountStore,
    accountId: string,
  ): Promise<PublicKeyCredentialCreationOptionsJSON> {
    await this.policies.assertEnrolmentAllowed(store);
    if ((await store.factors.passkeys.countOf(accountId)) >= MAX_PASSKEYS)
      throw new ConflictError(`An account has at most ${MAX_PASSKEYS} passkeys; remove one first.`);
    const account = await store.accounts.get(accountId);
    return this.webAuthn.creationOptions(store, account, await this.labelOf(store, account));
  }

  /** Stores the passkey; undefined when the answer is not good. Throws ConflictError when it is stored already. */
  async addPasskey(
    store: AccountStore,
    accountId: string,
    credential: AttestationDto,
    name = PASSKEY_NAME,
  ): Promise<PasskeyColumns | undefined> {
    const made = await this.webAuthn.verifyCreation(store, accountId, credential);
    if (!made) return undefined;
    try {
      return await store.factors.passkeys.insert({ ...made, name });
    } catch (error) {
      if (isUniqueViolation(error)) throw new ConflictError('This passkey is registered already.');
      throw error;
    }
  }

  /** Which account this is, in a list of many. */
  private async labelOf(store: AccountStore, { email }: AccountColumns): Promise<string> {
    const tenant = await this.stores.findRealm(store.tenantId);
    return `${email} (${tenant?.slug ?? 'operator'})`;
  }
}
