import { Injectable } from '@nestjs/common';
import { UnauthenticatedError } from '../../kernel/errors.js';
import { assertNotSuspended, TenantDirectory } from '../tenancy/tenant-directory.js';
import { AccountStores } from './account-stores.js';
import type { LoginDto, TokenPairDto } from './auth.dto.js';
import { PasswordHasher } from './password-hasher.js';
import { SessionsService } from './sessions.service.js';

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
   * takes as long. Throws ForbiddenError when all was right and the tenant is suspended.
   */
  async login({ tenant: slug, email, password }: LoginDto): Promise<TokenPairDto> {
    const tenant = slug === undefined ? null : await this.directory.bySlug(slug);
    const account =
      tenant === undefined
        ? null
        : await this.stores.within(tenant, (store) => store.accounts.findByEmail(email));
    const isRight = await this.passwords.verify(password, account?.passwordHash ?? null);
    if (!isRight || !account || tenant === undefined) throw invalidCredentials();
    if (tenant) assertNotSuspended(tenant);
    return this.stores.within(tenant, (store) => this.sessions.start(store, account.id));
  }
}

const invalidCredentials = () =>
  new UnauthenticatedError('invalid_credentials', 'The tenant, e-mail address or password is wrong.');
