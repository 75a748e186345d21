import { Injectable } from '@nestjs/common';
import { assertNotSuspended, TenantDirectory } from '../tenancy/registry/tenant-directory.js';
import { invalidCredentials } from './accounts/invalid-credentials.js';
import { AccountStores } from './accounts/account-stores.js';
import type { LoginDto, TokenPairDto } from './auth.dto.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { SessionsService } from './sessions/sessions.service.js';

/** Signs in with a password. */
@Injectable()
export class LoginService {
  constructor(
    private readonly directory: TenantDirectory,
    private readonly stores: AccountStores,
    private readonly passwords: PasswordHasher,
    private readonly sessions: SessionsService,
  ) {}

  /**
   * Begins a session. Whether the tenant, the account or the password was wrong, the refusal is one and the same, and
   * takes as long. Throws ForbiddenError when all was right and the tenant is suspended. A hash of a lower cost than is
   * configured now is replaced: only here is the password at hand.
   */
  async login({ tenant: slug, email, password }: LoginDto): Promise<TokenPairDto> {
    const tenant = slug === undefined ? null : await this.directory.bySlug(slug);
    const account =
      tenant === undefined
        ? null
        : await this.stores.within(tenant, (store) => store.accounts.findByEmail(email));
    const hash = account?.status === 'active' ? account.passwordHash : null;
    const isRight = await this.passwords.verify(password, hash);
    if (!isRight || !account || hash === null || tenant === undefined) throw invalidCredentials();
    if (tenant) assertNotSuspended(tenant);
    const stronger = this.passwords.isOutdated(hash) ? await this.passwords.hash(password) : undefined;
    return this.stores.within(tenant, async (store) => {
      if (stronger !== undefined) await store.accounts.replacePasswordHash(account.id, hash, stronger);
      return this.sessions.start(store, account.id, { methods: ['pwd'] });
    });
  }
}
