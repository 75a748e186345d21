import { Injectable } from '@nestjs/common';
import { ConflictError } from '../../../kernel/errors.js';
import type { SecurityEvent } from '../../../kernel/security-event.js';
import { AuditTrail } from '../../audit/audit-trail.js';
import { AccountMails, type Recipient } from '../../mail/account-mails.js';
import type { AccountColumns } from './account.entity.js';
import type { AccountStore } from './account-store.js';
import { AccountStores } from './account-stores.js';
import { Errands } from './errands.js';

/** Tells the audit log and the owner what happened to an account. */
@Injectable()
export class AccountNotices {
  constructor(
    private readonly stores: AccountStores,
    private readonly audit: AuditTrail,
    private readonly mails: AccountMails,
    private readonly errands: Errands,
  ) {}

  /** Runs work after the answer, in the realm with this id; not at all when there is none. Throws UnavailableError. */
  afterwards(realm: string | null, work: (store: AccountStore) => Promise<unknown>): void {
    this.errands.run(async () => {
      const tenant = await this.stores.findRealm(realm);
      if (tenant !== undefined) await this.stores.within(tenant, work);
    });
  }

  /** As `afterwards`, in the realm with this slug. */
  afterwardsIn(slug: string | undefined, work: (store: AccountStore) => Promise<unknown>): void {
    this.errands.run(async () => {
      const tenant = await this.stores.findRealmBySlug(slug);
      if (tenant !== undefined) await this.stores.within(tenant, work);
    });
  }

  /** Records the event in the log of the realm whose store is in use. */
  async record(event: SecurityEvent): Promise<void> {
    await this.audit.record(event);
  }

  /** Mails the account's owner. */
  async tell(
    store: AccountStore,
    { email, name }: Pick<AccountColumns, 'email' | 'name'>,
    say: (mails: AccountMails, to: Recipient) => void,
  ): Promise<void> {
    const tenant = await this.stores.findRealm(store.tenantId);
    say(this.mails, { email, name, tenant: tenant?.name ?? null });
  }

  /** Throws ConflictError where this installation sends no mail, so that nobody waits for one. */
  assertMailIsOn(): void {
    if (!this.mails.areOn) throw new ConflictError('This installation sends no mail.', 'mail_disabled');
  }
}
