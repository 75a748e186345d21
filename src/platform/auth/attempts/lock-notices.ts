import { Injectable, Logger } from '@nestjs/common';
import { AccountNotices } from '../accounts/account-notices.js';

/** What happened to whom. */
export interface LockFacts {
  /** Id of the tenant; null for the operators. */
  realm: string | null;
  accountId: string;
  proof: 'password' | 'code';
  /** Until it is reset, and not for a while. */
  isDisabled: boolean;
  /** Whether the owner gets a mail as well. */
  isTold: boolean;
}

/** Tells the audit log and the owner that an account was locked: after the answer, which takes no longer for it. */
@Injectable()
export class LockNotices {
  private readonly logger = new Logger(LockNotices.name);

  constructor(private readonly notices: AccountNotices) {}

  /** Never throws: a refusal must not look different because the owner cannot be told. */
  locked(facts: LockFacts): void {
    try {
      this.tellAfterwards(facts);
    } catch (error) {
      this.logger.error(`The lock of the account ${facts.accountId} could not be told`, error);
    }
  }

  private tellAfterwards({ realm, accountId, proof, isDisabled, isTold }: LockFacts): void {
    this.notices.afterwards(realm, async (store) => {
      const detail = { proof, until: isDisabled ? 'reset' : 'a while' };
      await this.notices.record({ action: 'authn_login_lock', outcome: 'success', accountId, detail });
      const account = isTold ? await store.accounts.find(accountId) : null;
      if (account)
        await this.notices.tell(store, account, (mails, to) => {
          mails.locked(to, { isDisabled, proof });
        });
    });
  }
}
