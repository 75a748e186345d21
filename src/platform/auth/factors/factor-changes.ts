import { Injectable } from '@nestjs/common';
import { ConflictError, NotFoundError } from '../../../kernel/errors.js';
import { AccountNotices } from '../accounts/account-notices.js';
import type { AccountStore } from '../accounts/account-store.js';
import { FactorInventory } from './factor-inventory.js';
import type { SecondFactor } from './factor-method.js';
import { SecurityPolicyService } from './policy/security-policy.service.js';
import { hashOfRecoveryCode, newRecoveryCode, RECOVERY_CODES } from './recovery/recovery-code.js';

/** What goes with every change of an account's second factors: recovery codes, other sessions, the audit trail, a mail to the owner. */
@Injectable()
export class FactorChanges {
  constructor(
    private readonly inventory: FactorInventory,
    private readonly policies: SecurityPolicyService,
    private readonly notices: AccountNotices,
  ) {}

  /**
   * After an enrolment, in its transaction: what was begun with less ends (unfinished sign-ins, all sessions but
   * `keptSessionId`). Returns new recovery codes: always with an authenticator app, else when the account has none.
   */
  async enrolled(
    store: AccountStore,
    accountId: string,
    factor: SecondFactor,
    keptSessionId: string | null,
  ): Promise<string[]> {
    await store.factors.pendingLogins.removeOf(accountId);
    await endSessions(store, accountId, keptSessionId);
    await this.record('authn_factor_enrol', accountId, factor);
    const { recoveryCodesLeft } = await this.inventory.of(store, accountId);
    return factor === 'totp' || recoveryCodesLeft === 0 ? this.newCodes(store, accountId) : [];
  }

  /** Puts ten new recovery codes in the place of those that the account had. They are told this once. */
  async newCodes(store: AccountStore, accountId: string): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
    await store.factors.recoveryCodes.replace(accountId, codes.map(hashOfRecoveryCode));
    return codes;
  }

  /**
   * Removes a factor by `work`, which says whether there was one, and ends the other sessions. Throws NotFoundError when
   * there was none; ConflictError when it is the last, and one is required or the account has no password either.
   */
  async remove(
    store: AccountStore,
    owner: { accountId: string; sessionId: string },
    factor: SecondFactor,
    work: (inside: AccountStore) => Promise<boolean>,
  ): Promise<void> {
    const { accountId, sessionId } = owner;
    await store.transaction(async (inside) => {
      // Two removals at once would each take the other's factor for the one that remains.
      const account = await inside.accounts.lock(accountId);
      if (!(await work(inside))) throw new NotFoundError();
      const { hasFactor } = await this.inventory.of(inside, accountId);
      if (!hasFactor) {
        const { mfa } = await this.policies.requirementOf(inside, account);
        if (mfa === 'required')
          throw new ConflictError('A second factor is required; enrol another one first.');
        if (account.passwordHash === null)
          throw new ConflictError('This is the only way into the account; set a password first.');
        await inside.factors.recoveryCodes.remove(accountId);
      }
      await inside.factors.pendingLogins.removeOf(accountId);
      await endSessions(inside, accountId, sessionId);
      await this.record('authn_factor_remove', accountId, factor);
    });
    await this.tell(store, accountId, 'removed');
  }

  /** Mails the owner what happened, once it has (ASVS 5.0, 6.3.7). */
  async tell(store: AccountStore, accountId: string, what: 'added' | 'removed'): Promise<void> {
    const account = await store.accounts.get(accountId);
    await this.notices.tell(store, account, (mails, to) => {
      mails.factorsChanged(to, what);
    });
  }

  private record(
    action: 'authn_factor_enrol' | 'authn_factor_remove',
    accountId: string,
    factor: SecondFactor,
  ): Promise<void> {
    const detail = { factor };
    return this.notices.record({
      action,
      outcome: 'success',
      accountId,
      target: { type: 'account', id: accountId },
      detail,
    });
  }
}

async function endSessions(store: AccountStore, accountId: string, keptId: string | null): Promise<void> {
  if (keptId === null) await store.sessions.end({ accountId });
  else await store.sessions.endOthers(accountId, keptId);
}
