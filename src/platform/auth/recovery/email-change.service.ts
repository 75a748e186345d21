import { Injectable } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import { ConflictError } from '../../../kernel/errors.js';
import { isUniqueViolation } from '../../tenancy/database-errors.js';
import { AccountNotices } from '../accounts/account-notices.js';
import type { AccountStore } from '../accounts/account-store.js';
import { AccountStores } from '../accounts/account-stores.js';
import { CurrentPassword } from '../passwords/current-password.js';
import { AccountLinks, type OpenLink } from './account-links.js';
import type { ChangeEmailDto, ConfirmEmailDto } from './recovery.dto.js';

const LINK_MS = 24 * 3_600_000;

/** Changes the address of an account once its owner showed that they read mails there. */
@Injectable()
export class EmailChangeService {
  constructor(
    private readonly stores: AccountStores,
    private readonly links: AccountLinks,
    private readonly current: CurrentPassword,
    private readonly notices: AccountNotices,
  ) {}

  /**
   * Mails a link to the new address and a notice to the old one. Where another has the address nothing is mailed there, and
   * the answer is the same. Throws InvalidError for a wrong password, ConflictError where no mail is sent at all.
   */
  async request(actor: Actor, dto: ChangeEmailDto, address: string): Promise<void> {
    this.notices.assertMailIsOn();
    const { newEmail, currentPassword } = dto;
    const account = await this.stores.of(actor).accounts.get(actor.id);
    await this.current.assert(actor.tenantId, account, currentPassword, address);
    this.notices.afterwards(actor.tenantId, async (store) => {
      await this.notices.tell(store, account, (mails, to) => {
        mails.emailChangeRequested(to);
      });
      if (await store.accounts.findByEmail(newEmail)) return;
      const link = await this.links.make(store, account.id, 'email', LINK_MS, newEmail);
      await this.notices.tell(store, { ...account, email: newEmail }, (mails, to) => {
        mails.emailConfirmation(to, link);
      });
    });
  }

  /** Throws InvalidError for a link that is not good, ConflictError when another got the address meanwhile. */
  async confirm({ token }: ConfirmEmailDto): Promise<void> {
    await this.links.open('email', token, (store, link) => this.confirmIn(store, link));
  }

  private async confirmIn(store: AccountStore, link: OpenLink): Promise<void> {
    const { accountId, email } = link.row;
    const account = await store.accounts.get(accountId);
    if (email === null) throw new Error('a link that confirms an address holds none');
    try {
      await store.transaction(async (inside) => {
        await this.links.redeem(inside, link);
        await inside.accounts.setEmail(accountId, email);
        // Links that were mailed to the old address are good no more.
        await inside.tokens.removeOf(accountId);
        await inside.invitations.removeOf(accountId);
        await this.notices.record({ action: 'authn_email_change', outcome: 'success', accountId });
      });
    } catch (error) {
      if (isUniqueViolation(error)) throw new ConflictError('Another account has this e-mail address.');
      throw error;
    }
    await this.notices.tell(store, account, (mails, to) => {
      mails.emailChanged(to);
    });
  }
}
