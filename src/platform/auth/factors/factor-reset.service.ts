import { Injectable } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import { ConflictError } from '../../../kernel/errors.js';
import { AuditTrail } from '../../audit/audit-trail.js';
import { AccountStores } from '../accounts/account-stores.js';
import { LoginAttempts } from '../attempts/login-attempts.js';
import { FactorChanges } from './factor-changes.js';

/** Takes all second factors off somebody else's account, for one who lost them. */
@Injectable()
export class FactorResetService {
  constructor(
    private readonly stores: AccountStores,
    private readonly attempts: LoginAttempts,
    private readonly changes: FactorChanges,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Removes the second factors of a user of the caller's tenant, with their recovery codes, their count of wrong ones
   * and their sessions. Where a second factor is required, the next sign-in asks for a new one. Throws ConflictError for
   * the caller's own: those have routes that say what is lost.
   */
  async reset(actor: Actor, accountId: string): Promise<void> {
    if (actor.id === accountId) throw new ConflictError('Remove your own second factors one by one.');
    const store = this.stores.of(actor);
    await store.transaction(async (inside) => {
      await inside.accounts.lock(accountId);
      const { totp, passkeys, recoveryCodes, pendingLogins } = inside.factors;
      const hadTotp = await totp.remove(accountId);
      const removedPasskeys = await passkeys.removeAll(accountId);
      await recoveryCodes.remove(accountId);
      await pendingLogins.removeOf(accountId);
      await inside.sessions.end({ accountId });
      await this.audit.record({
        action: 'authn_factor_remove',
        outcome: 'success',
        target: { type: 'user', id: accountId },
        detail: { by: 'administrator', totp: hadTotp, passkeys: removedPasskeys },
      });
    });
    await this.attempts.clear(store.tenantId, accountId, ['code']);
    await this.changes.tell(store, accountId, 'removed');
  }
}
