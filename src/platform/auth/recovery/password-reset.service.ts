import { Injectable } from '@nestjs/common';
import { AccountNotices } from '../accounts/account-notices.js';
import type { AccountColumns } from '../accounts/account.entity.js';
import type { AccountStore } from '../accounts/account-store.js';
import { LoginAttempts } from '../attempts/login-attempts.js';
import { PasswordsService } from '../passwords/passwords.service.js';
import { AccountLinks, badLink } from './account-links.js';
import type { ForgotPasswordDto, ResetPasswordDto } from './recovery.dto.js';

const LINK_MS = 30 * 60_000;
/** Mails that anyone may cause to one account in an hour. */
const MAILS_AN_HOUR = 5;

/** Lets the owner of an e-mail address choose a new password. It proves one factor alone, so it signs nobody in. */
@Injectable()
export class PasswordResetService {
  constructor(
    private readonly links: AccountLinks,
    private readonly passwords: PasswordsService,
    private readonly attempts: LoginAttempts,
    private readonly notices: AccountNotices,
  ) {}

  /**
   * Mails a link, if there is such an account; all of that happens after the answer. Throws ConflictError where no mail
   * is sent at all, UnavailableError when too much waits already.
   */
  request({ tenant, email }: ForgotPasswordDto): void {
    this.notices.assertMailIsOn();
    this.notices.afterwardsIn(tenant, async (store) => {
      const account = await store.accounts.findByEmail(email);
      if (account) await this.mail(store, account);
    });
  }

  /** Mails a link to the account, unless it got several within the hour or was shut by an operator. */
  async mail(store: AccountStore, account: AccountColumns): Promise<void> {
    if (account.lockedAt !== null) return;
    if (!(await this.attempts.isWithinHourly('reset', account.id, MAILS_AN_HOUR))) return;
    const link = await this.links.make(store, account.id, 'reset', LINK_MS, account.email);
    const event = { action: 'authn_password_reset_request', outcome: 'success' } as const;
    await this.notices.record({ ...event, accountId: account.id });
    await this.notices.tell(store, account, (mails, to) => {
      mails.passwordReset(to, link);
    });
  }

  /**
   * Sets the password, ends all sessions and forgets the failures of passwords; who has a second factor is still asked
   * for it, and its failures stay counted. Throws InvalidError for a link or a password that is not good; a link whose
   * password was refused can be used again.
   */
  async reset({ token, password }: ResetPasswordDto): Promise<void> {
    await this.links.open('reset', token, async (store, link) => {
      const { accountId } = link.row;
      const account = await store.accounts.get(accountId);
      // A link is worth no more than the mailbox that it was sent to.
      if (account.email !== link.row.email || account.lockedAt !== null) throw badLink();
      const passwordHash = await this.passwords.hashNew(store, account, password, '/password');
      await store.transaction(async (inside) => {
        await this.links.redeem(inside, link);
        await inside.accounts.setPasswordHash(accountId, passwordHash);
        await inside.invitations.removeOf(accountId);
        await inside.tokens.removeOf(accountId);
        await inside.factors.pendingLogins.removeOf(accountId);
        await inside.sessions.end({ accountId });
        await this.notices.record({ action: 'authn_password_reset', outcome: 'success', accountId });
      });
      await this.attempts.clear(store.tenantId, accountId, ['password']);
      await this.notices.tell(store, account, (mails, to) => {
        mails.passwordChanged(to);
      });
    });
  }
}
