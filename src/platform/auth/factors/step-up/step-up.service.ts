import { Injectable } from '@nestjs/common';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { Actor } from '../../../../kernel/actor.js';
import { InvalidError, StepUpRequiredError } from '../../../../kernel/errors.js';
import { AuditTrail } from '../../../audit/audit-trail.js';
import { AccountStores } from '../../accounts/account-stores.js';
import type { AccountStore } from '../../accounts/account-store.js';
import { CurrentPassword } from '../../passwords/current-password.js';
import { FactorChecks, type Prover } from '../factor-checks.js';
import { FactorInventory } from '../factor-inventory.js';
import { WebAuthn } from '../passkeys/webauthn.js';
import type { SteppedUpDto, StepUpDto } from './step-up.dto.js';

/** For how long a proof is fresh. */
const FRESH_MS = 5 * 60_000;
/** What was shown to be wrong, by method. */
const SHOWN_IN = { password: '/password', totp: '/code', passkey: '/credential' } as const;

/** What checks the proofs. */
@Injectable()
export class StepUpProofs {
  constructor(
    readonly checks: FactorChecks,
    readonly passwords: CurrentPassword,
    readonly webAuthn: WebAuthn,
  ) {}
}

/** Proves a session anew before it does what could do great harm (ASVS 5.0, 7.5.1 and 7.5.3). */
@Injectable()
export class StepUpService {
  constructor(
    private readonly stores: AccountStores,
    private readonly inventory: FactorInventory,
    private readonly proofs: StepUpProofs,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Throws StepUpRequiredError unless the caller's session has proved itself within five minutes: by a second factor if
   * the account has one, else by signing in. Asks the database each time.
   */
  async assertFresh(actor: Actor): Promise<void> {
    const store = this.stores.of(actor);
    const proof = await store.factors.proofs.find(actor.sessionId, actor.id);
    const inventory = await this.inventory.of(store, actor.id);
    const isFresh = proof !== null && proof.provedAt.getTime() > Date.now() - FRESH_MS;
    const isStrong = !inventory.hasFactor || (proof?.methods.includes('mfa') ?? false);
    if (!isFresh || !isStrong) throw new StepUpRequiredError(this.inventory.stepUpMethodsOf(inventory));
  }

  /** Throws InvalidError for a method that the account does not have, and for a wrong proof. */
  async stepUp(actor: Actor, dto: StepUpDto, address: string): Promise<SteppedUpDto> {
    const store = this.stores.of(actor);
    const methods = this.inventory.stepUpMethodsOf(await this.inventory.of(store, actor.id));
    if (!methods.includes(dto.method))
      throw InvalidError.field('/method', 'not_available', `Must be one of: ${methods.join(', ')}.`);
    const proved = await this.methodsOf(store, { accountId: actor.id, address }, dto);
    const event = { action: 'authn_step_up', accountId: actor.id, detail: { method: dto.method } } as const;
    if (!proved) {
      await this.audit.record({ ...event, outcome: 'failure' });
      throw InvalidError.field(SHOWN_IN[dto.method], 'wrong_proof', 'This is not right, or was used.');
    }
    const freshUntil = new Date(Date.now() + FRESH_MS);
    await store.factors.proofs.renew(actor.sessionId, actor.id, proved);
    await this.audit.record({ ...event, outcome: 'success' });
    return { freshUntil };
  }

  passkeyOptions(actor: Actor): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return this.proofs.webAuthn.requestOptions(this.stores.of(actor), 'step_up', actor.id);
  }

  private async methodsOf(
    store: AccountStore,
    prover: Prover,
    { method, password = '', ...shown }: StepUpDto,
  ): Promise<readonly string[] | undefined> {
    const { checks, passwords } = this.proofs;
    if (method !== 'password') return checks.check(store, prover, { method, ...shown }, 'step_up');
    const account = await store.accounts.get(prover.accountId);
    const isRight = await passwords.isRight(store.tenantId, account, password, prover.address);
    return isRight ? ['pwd'] : undefined;
  }
}
