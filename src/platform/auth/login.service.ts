import { Injectable } from '@nestjs/common';
import { UnauthenticatedError } from '../../kernel/errors.js';
import { assertNotSuspended, TenantDirectory } from '../tenancy/registry/tenant-directory.js';
import { AccountStores } from './accounts/account-stores.js';
import type { LoginDto } from './auth.dto.js';
import { SignInService, type SignedIn } from './factors/mfa/sign-in.service.js';
import { PasswordHasher } from './passwords/password-hasher.js';

/** Signs in with a password. */
@Injectable()
export class LoginService {
  constructor(
    private readonly directory: TenantDirectory,
    private readonly stores: AccountStores,
    private readonly passwords: PasswordHasher,
    private readonly signIns: SignInService,
  ) {}

  /**
   * Begins a session, or says which second factor is missing. Whether the tenant, the account or the password was wrong, the refusal is one and the same, and
   * takes as long. Throws ForbiddenError when all was right and the tenant is suspended. A hash of a lower cost than is
   * configured now is replaced: only here is the password at hand.
   */
  async login({ tenant: slug, email, password }: LoginDto): Promise<SignedIn> {
    const tenant = slug === undefined ? null : await this.directory.bySlug(slug);
    const account =
      tenant === undefined
        ? null
        : await this.stores.within(tenant, (store) => store.accounts.findByEmail(email));
    const hash = account?.passwordHash ?? null;
    const isRight = await this.passwords.verify(password, hash);
    if (!isRight || !account || hash === null || tenant === undefined) throw invalidCredentials();
    if (tenant) assertNotSuspended(tenant);
    const stronger = this.passwords.isOutdated(hash) ? await this.passwords.hash(password) : undefined;
    return this.stores.within(tenant, async (store) => {
      if (stronger !== undefined) await store.accounts.replacePasswordHash(account.id, hash, stronger);
      return this.signIns.proceed(store, account);
    });
  }
}

const invalidCredentials = () =>
  new UnauthenticatedError('invalid_credentials', 'The tenant, e-mail address or password is wrong.');
