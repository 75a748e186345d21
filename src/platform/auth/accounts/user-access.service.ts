import { Injectable } from '@nestjs/common';
import { NotFoundError } from '../../../kernel/errors.js';
import { TenantDirectory } from '../../tenancy/registry/tenant-directory.js';
import type { AccountStore } from './account-store.js';
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
    private readonly directory: TenantDirectory,
    private readonly invitations: InvitationsService,
    private readonly sessions: SessionsService,
  ) {}

  /** A link by which the user sets their password, also anew. Throws NotFoundError. */
  link(slug: string, email: string): Promise<Invitation> {
    return this.withAccount(slug, email, (store, { id }) =>
      this.invitations.inviteIn(store, id, LINK_TTL_MS),
    );
  }

  /** Begins a session of the user, or of the tenant's first. Throws NotFoundError. */
  token(slug: string, email: string | undefined): Promise<TokenPairDto> {
    return this.withAccount(slug, email, (store, { id }) =>
      // The one who runs the installation vouches for the user; nothing was proved.
      this.sessions.start(store, id, { methods: [] }),
    );
  }

  private async withAccount<T>(
    slug: string,
    email: string | undefined,
    work: (store: AccountStore, account: AccountColumns) => Promise<T>,
  ): Promise<T> {
    const tenant = await this.directory.bySlug(slug);
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
