import { Injectable } from '@nestjs/common';
import { NotFoundError } from '../../../kernel/errors.js';
import type { AccountStore } from './account-store.js';
import { AccountLocks } from './account-locks.js';
import { AccountStores } from './account-stores.js';
import type { AccountColumns } from './account.entity.js';
import type { TokenPairDto } from '../auth.dto.js';
import { normaliseEmail } from './email.js';
import { InvitationsService, type Invitation } from '../invitations/invitations.service.js';
import { SessionsService } from '../sessions/sessions.service.js';

const LINK_TTL_MS = 30 * 60_000;

/** Ways into a tenant for the one who runs the installation. Called by the command line and the start, by no request. */
@Injectable()
export class UserAccessService {
  constructor(
    private readonly stores: AccountStores,
    private readonly invitations: InvitationsService,
    private readonly sessions: SessionsService,
    private readonly locks: AccountLocks,
  ) {}

  /** A link by which the user sets their password, also anew. Throws NotFoundError. */
  link(slug: string, email: string): Promise<Invitation> {
    return this.withAccount(slug, email, (store, { id }) =>
      this.invitations.inviteIn(store, id, LINK_TTL_MS),
    );
  }

  /** Mails the user an invitation. Throws NotFoundError, ConflictError where no mail is sent. */
  invite(slug: string, email: string): Promise<void> {
    return this.withAccount(slug, email, (_, account) => this.invitations.inviteByMail(account));
  }

  /** Shuts the user out until `unlock`. Throws NotFoundError. */
  lock(slug: string, email: string): Promise<void> {
    return this.withAccount(slug, email, (store, { id }) => this.locks.lock(store, id));
  }

  /** Lets the user in again, whoever or whatever locked them. Throws NotFoundError. */
  unlock(slug: string, email: string): Promise<void> {
    return this.withAccount(slug, email, (store, { id }) => this.locks.unlock(store, id));
  }

  /** Begins a session of the user, or of the tenant's first. Throws NotFoundError. */
  token(slug: string, email: string | undefined): Promise<TokenPairDto> {
    return this.withAccount(slug, email, (store, { id }) => this.sessions.start(store, id));
  }

  private async withAccount<T>(
    slug: string,
    email: string | undefined,
    work: (store: AccountStore, account: AccountColumns) => Promise<T>,
  ): Promise<T> {
    const tenant = await this.stores.findRealmBySlug(slug);
    if (!tenant) throw new NotFoundError();
    return this.stores.within(tenant, async (store) => {
      const account =
        email === undefined
          ? (await store.accounts.findOldest(1))[0]
          : await store.accounts.findByEmail(normaliseEmail(email));
      if (!account) throw new NotFoundError();
      return work(store, account);
    });
  }
}
