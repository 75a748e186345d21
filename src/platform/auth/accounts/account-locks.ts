import { Injectable } from '@nestjs/common';
import { LoginAttempts } from '../attempts/login-attempts.js';
import { AccountNotices } from './account-notices.js';
import type { AccountStore } from './account-store.js';
import { AccountStores } from './account-stores.js';

/** Shuts accounts and opens them again: locks that people set, and those that came of failures. */
@Injectable()
export class AccountLocks {
  constructor(
    private readonly stores: AccountStores,
    private readonly attempts: LoginAttempts,
    private readonly notices: AccountNotices,
  ) {}

  /** Ends all sessions and open links of the account; it stays shut until `unlock`, whatever its owner knows. */
  async lock(store: AccountStore, accountId: string): Promise<void> {
    await store.transaction(async (inside) => {
      await inside.accounts.setLocked(accountId, true);
      await inside.invitations.removeOf(accountId);
      await inside.tokens.removeOf(accountId);
      await inside.factors.pendingLogins.removeOf(accountId);
      await inside.sessions.end({ accountId });
      await this.notices.record({
        action: 'authn_login_lock',
        outcome: 'success',
        target: { type: store.tenantId === null ? 'operator' : 'user', id: accountId },
        detail: { until: 'unlock' },
      });
    });
  }

  /** As `unlock`, in the tenant that is bound to the call. */
  unlockUser(accountId: string): Promise<void> {
    return this.unlock(this.stores.users, accountId);
  }

  /** Opens the account, and forgets its failures. */
  async unlock(store: AccountStore, accountId: string): Promise<void> {
    await store.transaction(async (inside) => {
      await inside.accounts.setLocked(accountId, false);
      await this.notices.record({
        action: 'authn_login_unlock',
        outcome: 'success',
        target: { type: store.tenantId === null ? 'operator' : 'user', id: accountId },
      });
    });
    await this.attempts.clear(store.tenantId, accountId, ['password', 'code']);
  }
}
