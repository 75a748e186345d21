import { Injectable } from '@nestjs/common';
import type { SecurityAction } from '../../../kernel/security-event.js';
import { LoginAttempts } from '../attempts/login-attempts.js';
import { AccountNotices } from './account-notices.js';
import type { AccountColumns, AccountStatus } from './account.entity.js';
import type { AccountStore } from './account-store.js';
import { AccountStores } from './account-stores.js';

type Id = AccountColumns['id'];

/** Shuts accounts and opens them again: locks that people set, and those that came of failures. */
@Injectable()
export class AccountLocks {
  constructor(
    private readonly stores: AccountStores,
    private readonly attempts: LoginAttempts,
    private readonly notices: AccountNotices,
  ) {}

  /** Ends all sessions and open links of the account; it stays shut until `unlock`, whatever its owner knows. */
  async lock(store: AccountStore, accountId: Id): Promise<void> {
    await store.transaction(async (inside) => {
      await inside.accounts.setLocked(accountId, true);
      await this.endAll(inside, accountId);
    });
  }

  /** As `unlock`, in the tenant that is bound to the call. */
  unlockUser(accountId: Id): Promise<void> {
    return this.unlock(this.stores.users, accountId);
  }

  /** Opens the account, and forgets its failures. */
  async unlock(store: AccountStore, accountId: Id): Promise<void> {
    await store.transaction(async (inside) => {
      await inside.accounts.setLocked(accountId, false);
      await this.recordUnlock(inside, accountId);
    });
    await this.attempts.clear(store.tenantId, accountId, ['password', 'code']);
  }

  /** What goes with it when a user of the tenant that is bound to the call was just shut or opened by a change of theirs. */
  async followStatus(accountId: Id, status: AccountStatus): Promise<void> {
    const store = this.stores.users;
    await (status === 'disabled' ? this.endAll(store, accountId) : this.recordUnlock(store, accountId));
  }

  private async endAll(store: AccountStore, accountId: Id): Promise<void> {
    await store.invitations.removeOf(accountId);
    await store.tokens.removeOf(accountId);
    await store.factors.pendingLogins.removeOf(accountId);
    await store.sessions.end({ accountId });
    await this.record(store, accountId, 'authn_login_lock', { until: 'unlock' });
  }

  private recordUnlock(store: AccountStore, accountId: Id): Promise<void> {
    return this.record(store, accountId, 'authn_login_unlock');
  }

  private record(
    store: AccountStore,
    id: Id,
    action: SecurityAction,
    detail?: Record<string, string>,
  ): Promise<void> {
    const target = { type: store.tenantId === null ? 'operator' : 'user', id };
    return this.notices.record({ action, outcome: 'success', target, ...(detail && { detail }) });
  }
}
