import { Injectable } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import { AccountNotices } from '../accounts/account-notices.js';
import { AccountStores } from '../accounts/account-stores.js';
import type { AccountStore } from '../accounts/account-store.js';
import type { AccountColumns } from '../accounts/account.entity.js';
import type { ChangePasswordDto } from '../auth.dto.js';
import { CurrentPassword } from './current-password.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy } from './password-policy.js';

/** Changes passwords. */
@Injectable()
export class PasswordsService {
  constructor(
    private readonly stores: AccountStores,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly current: CurrentPassword,
    private readonly notices: AccountNotices,
  ) {}

  /** Changes the caller's own password, and ends their other sessions. Throws InvalidError, naming the field at fault. */
  async change(
    actor: Actor,
    { currentPassword, newPassword }: ChangePasswordDto,
    address: string,
  ): Promise<void> {
    const store = this.stores.of(actor);
    const account = await store.accounts.get(actor.id);
    await this.current.assert(actor.tenantId, account, currentPassword, address);
    const passwordHash = await this.hashNew(store, account, newPassword, '/newPassword');
    await store.transaction(async (inside) => {
      await inside.accounts.setPasswordHash(account.id, passwordHash);
      await inside.invitations.removeOf(account.id);
      await inside.factors.pendingLogins.removeOf(account.id);
      await inside.tokens.removeOf(account.id);
      await inside.sessions.endOthers(account.id, actor.sessionId);
      await this.notices.record({ action: 'authn_password_change', outcome: 'success' });
    });
    await this.notices.tell(store, account, (mails, to) => {
      mails.passwordChanged(to);
    });
  }

  /** The hash of a new password of this account. Throws InvalidError, naming `pointer`, for one that it may not have. */
  async hashNew(
    store: AccountStore,
    { email, name }: Pick<AccountColumns, 'email' | 'name'>,
    password: string,
    pointer: string,
  ): Promise<string> {
    const tenant = await this.stores.findRealm(store.tenantId);
    const ownWords = [email, name, ...(tenant ? [tenant.slug, tenant.name] : [])];
    await this.policy.assertAcceptable(password, { pointer, ownWords, tenantId: store.tenantId });
    return this.hasher.hash(password);
  }
}
