import { Injectable } from '@nestjs/common';
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import type { Actor } from '../../../kernel/actor.js';
import { ConflictError, InvalidError } from '../../../kernel/errors.js';
import type { Page } from '../../../kernel/page.js';
import type { AccountStore } from '../accounts/account-store.js';
import { AccountStores } from '../accounts/account-stores.js';
import { EnrolmentParts } from './mfa/mfa-enrolment.service.js';
import type { FactorsDto, RegisterPasskeyDto } from './mfa/mfa.dto.js';
import { FactorInventory } from './factor-inventory.js';
import { passkeyMethods } from './factor-checks.js';
import { ONE_TIME_CODE_METHODS, type SecondFactor } from './factor-method.js';
import type { PasskeyColumns } from './passkeys/passkey.entity.js';
import { PasskeyDto, type RegisteredPasskeyDto } from './passkeys/passkeys.dto.js';
import { SecurityPolicyService } from './policy/security-policy.service.js';
import type { TotpOffer } from './totp/totp.service.js';

const MAX_LISTED = 100;

/** What callers do with the second factors of their own account. */
@Injectable()
export class OwnFactorsService {
  constructor(
    private readonly stores: AccountStores,
    private readonly inventory: FactorInventory,
    private readonly policies: SecurityPolicyService,
    private readonly parts: EnrolmentParts,
  ) {}

  async describe(actor: Actor): Promise<FactorsDto> {
    const store = this.stores.of(actor);
    const { totpSince, passkeys, recoveryCodesLeft } = await this.inventory.of(store, actor.id);
    const account = await store.accounts.get(actor.id);
    const { enrolBy: requiredBy } = await this.policies.requirementOf(store, account);
    return { totpSince, passkeys, recoveryCodesLeft, requiredBy };
  }

  beginTotp(actor: Actor): Promise<TotpOffer> {
    return this.parts.enrolments.beginTotp(this.stores.of(actor), actor.id);
  }

  /** Returns the recovery codes. Throws InvalidError for a wrong code, or when no enrolment is under way. */
  async confirmTotp(actor: Actor, code: string, address: string): Promise<string[]> {
    const store = this.stores.of(actor);
    const prover = { accountId: actor.id, address };
    const isRight = await this.parts.checks.counting(
      store,
      prover,
      'totp',
      async () => (await this.parts.totp.confirm(store, actor.id, code)) || undefined,
    );
    if (!isRight)
      throw InvalidError.field('/code', 'wrong_code', 'This is not the code of an enrolment under way.');
    return this.enrolled(store, actor, 'totp', ONE_TIME_CODE_METHODS);
  }

  /** Throws NotFoundError, or ConflictError when a second factor is required and this is the last. */
  removeTotp(actor: Actor): Promise<void> {
    return this.remove(actor, 'totp', (inside) => inside.factors.totp.remove(actor.id));
  }

  /** Throws ConflictError without a second factor for which they could stand in. */
  async renewRecoveryCodes(actor: Actor): Promise<string[]> {
    const store = this.stores.of(actor);
    return store.transaction(async (inside) => {
      await inside.accounts.lock(actor.id);
      const { hasFactor } = await this.inventory.of(inside, actor.id);
      if (!hasFactor) throw new ConflictError('Enrol a second factor first.');
      return this.parts.changes.newCodes(inside, actor.id);
    });
  }

  async listPasskeys(actor: Actor): Promise<Page<PasskeyColumns>> {
    const data = await this.stores.of(actor).factors.passkeys.findOf(actor.id);
    return { data, nextCursor: null, limit: MAX_LISTED };
  }

  beginPasskey(actor: Actor): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return this.parts.enrolments.beginPasskey(this.stores.of(actor), actor.id);
  }

  /** Throws InvalidError for an answer that is not good. */
  async registerPasskey(
    actor: Actor,
    { credential, name }: RegisterPasskeyDto,
  ): Promise<RegisteredPasskeyDto> {
    const store = this.stores.of(actor);
    const passkey = await this.parts.enrolments.addPasskey(store, actor.id, credential, name);
    if (!passkey)
      throw InvalidError.field('/credential', 'wrong_credential', 'This answers no registration under way.');
    const recoveryCodes = await this.enrolled(store, actor, 'passkey', passkeyMethods(passkey));
    return { ...PasskeyDto.from(passkey), recoveryCodes };
  }

  /** Throws as `removeTotp` does. */
  removePasskey(actor: Actor, id: string): Promise<void> {
    return this.remove(actor, 'passkey', (inside) => inside.factors.passkeys.remove(actor.id, id));
  }

  /** An enrolment is a fresh proof of the new factor as well. */
  private async enrolled(
    store: AccountStore,
    actor: Actor,
    factor: SecondFactor,
    methods: readonly string[],
  ): Promise<string[]> {
    const recoveryCodes = await store.transaction(async (inside) => {
      await inside.factors.proofs.renew(actor.sessionId, actor.id, methods);
      return this.parts.changes.enrolled(inside, actor.id, factor, actor.sessionId);
    });
    await this.parts.changes.tell(store, actor.id, 'added');
    return recoveryCodes;
  }

  private remove(
    actor: Actor,
    factor: SecondFactor,
    work: (inside: AccountStore) => Promise<boolean>,
  ): Promise<void> {
    const owner = { accountId: actor.id, sessionId: actor.sessionId };
    return this.parts.changes.remove(this.stores.of(actor), owner, factor, work);
  }
}
