import { Injectable } from '@nestjs/common';
import type { AccountStore } from '../accounts/account-store.js';
import type { SecondFactor, StepUpMethod } from './factor-method.js';
import { RelyingParty } from './passkeys/relying-party.js';

/** The second factors of one account. */
export interface Inventory {
  totpSince: Date | null;
  passkeys: number;
  recoveryCodesLeft: number;
  /** Recovery codes alone are none. */
  hasFactor: boolean;
}

/** Says which second factors an account has. Asked anew each time. */
@Injectable()
export class FactorInventory {
  constructor(private readonly party: RelyingParty) {}

  async of({ factors }: AccountStore, accountId: string): Promise<Inventory> {
    const totpSince = (await factors.totp.findConfirmed(accountId))?.confirmedAt ?? null;
    const passkeys = await factors.passkeys.countOf(accountId);
    const recoveryCodesLeft = await factors.recoveryCodes.countUnused(accountId);
    return { totpSince, passkeys, recoveryCodesLeft, hasFactor: totpSince !== null || passkeys > 0 };
  }

  /** With what a sign-in can be finished. */
  methodsOf({ totpSince, passkeys, recoveryCodesLeft }: Inventory): SecondFactor[] {
    return [
      ...(totpSince ? (['totp'] as const) : []),
      ...(passkeys > 0 && this.party.isPossible ? (['passkey'] as const) : []),
      ...(recoveryCodesLeft > 0 ? (['recovery_code'] as const) : []),
    ];
  }

  /** With what a session can be proved anew: the password, as long as there is nothing better. */
  stepUpMethodsOf(inventory: Inventory): StepUpMethod[] {
    if (!inventory.hasFactor) return ['password'];
    return this.methodsOf(inventory).filter((method) => method !== 'recovery_code');
  }
}
