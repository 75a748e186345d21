import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/audit-trail.js';
import type { AccountStore } from '../accounts/account-store.js';
import { LoginAttempts } from '../attempts/login-attempts.js';
import { ONE_TIME_CODE_METHODS, type SecondFactor } from './factor-method.js';
import type { CeremonyPurpose } from './passkeys/challenge.entity.js';
import type { AssertionDto } from './passkeys/credential.dto.js';
import type { PasskeyColumns } from './passkeys/passkey.entity.js';
import { WebAuthn } from './passkeys/webauthn.js';
import { hashOfRecoveryCode } from './recovery/recovery-code.js';
import { TotpService } from './totp/totp.service.js';

/** What somebody shows as a second factor. */
export interface ShownFactor {
  method: SecondFactor;
  code?: string;
  credential?: AssertionDto;
}

/** Whose factor is shown, and from where. */
export interface Prover {
  accountId: string;
  /** The address of the request. */
  address: string;
}

/** Checks second factors. `LoginAttempts` counts each before it is checked, those of all kinds together. */
@Injectable()
export class FactorChecks {
  constructor(
    private readonly totp: TotpService,
    private readonly webAuthn: WebAuthn,
    private readonly attempts: LoginAttempts,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * The `amr` values (RFC 8176) that the factor adds to the session; undefined when it is wrong, was used before, or
   * none may be shown now. Which of these is never told. A right one begins the count anew.
   */
  async check(
    store: AccountStore,
    prover: Prover,
    shown: ShownFactor,
    purpose: CeremonyPurpose,
  ): Promise<readonly string[] | undefined> {
    return this.counting(store, prover, shown.method, () =>
      this.methodsOf(store, prover.accountId, shown, purpose),
    );
  }

  /** Runs a check that counts as an attempt; undefined, and on record, when it fails or may not be made. */
  async counting<T>(
    store: AccountStore,
    { accountId, address }: Prover,
    method: SecondFactor,
    check: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const subject = { realm: store.tenantId, account: { id: accountId }, proof: 'code' } as const;
    const result = await this.attempts.attempt(subject, address, check);
    if (result === undefined)
      await this.audit.record({
        action: 'authn_factor_fail',
        outcome: 'failure',
        accountId,
        detail: { method },
      });
    return result;
  }

  private async methodsOf(
    store: AccountStore,
    accountId: string,
    { method, code = '', credential }: ShownFactor,
    purpose: CeremonyPurpose,
  ): Promise<readonly string[] | undefined> {
    if (method === 'passkey') {
      const passkey = credential && (await this.webAuthn.verifyUse(store, purpose, accountId, credential));
      return passkey && ['pwd', ...passkeyMethods(passkey)];
    }
    const isRight =
      method === 'totp'
        ? await this.totp.use(store, accountId, code.trim())
        : await store.factors.recoveryCodes.use(accountId, hashOfRecoveryCode(code));
    return isRight ? ONE_TIME_CODE_METHODS : undefined;
  }
}

/** A passkey with user verification is two factors by itself; a key that can be copied is one in software. */
export const passkeyMethods = ({ synced }: Pick<PasskeyColumns, 'synced'>): string[] => [
  synced ? 'swk' : 'hwk',
  'user',
  'mfa',
];
