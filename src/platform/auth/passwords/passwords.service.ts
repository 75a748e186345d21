import { Injectable } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import { InvalidError } from '../../../kernel/errors.js';
import { AccountStores } from '../accounts/account-stores.js';
import type { AccountStore } from '../accounts/account-store.js';
import type { AccountColumns } from '../accounts/account.entity.js';
import type { ChangePasswordDto } from '../auth.dto.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy } from './password-policy.js';

/** Changes passwords. */
@Injectable()
export class PasswordsService {
  constructor(
    private readonly stores: AccountStores,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
  ) {}

  /** Changes the caller's own password, and ends their other sessions. Throws InvalidError, naming the field at fault. */
  async change(actor: Actor, { currentPassword, newPassword }: ChangePasswordDto): Promise<void> {
    const store = this.stores.of(actor);
    const account = await store.accounts.get(actor.id);
    if (!(await this.hasher.verify(currentPassword, account.passwordHash)))
      throw InvalidError.field('/currentPassword', 'wrong_password', 'This is not your password.');
    const passwordHash = await this.hashNew(store, account, newPassword, '/newPassword');
    await store.transaction(async (inside) => {
      await inside.accounts.setPasswordHash(account.id, passwordHash);
      await inside.invitations.removeOf(account.id);
      await inside.factors.pendingLogins.removeOf(account.id);
      await inside.sessions.endOthers(account.id, actor.sessionId);
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
    this.policy.assertAcceptable(password, pointer, [email, name, ...(tenant ? [tenant.slug] : [])]);
    return this.hasher.hash(password);
  }
}
