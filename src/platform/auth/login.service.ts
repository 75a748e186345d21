import { Injectable } from '@nestjs/common';
import { UnauthenticatedError } from '../../kernel/errors.js';
import { assertNotSuspended } from '../tenancy/registry/tenant-directory.js';
import type { Tenant } from '../tenancy/registry/tenant.entity.js';
import { AccountNotices } from './accounts/account-notices.js';
import type { AccountColumns } from './accounts/account.entity.js';
import { AccountStores } from './accounts/account-stores.js';
import { LoginAttempts } from './attempts/login-attempts.js';
import type { LoginDto } from './auth.dto.js';
import { SignInService, type SignedIn } from './factors/mfa/sign-in.service.js';
import { PasswordHasher } from './passwords/password-hasher.js';

/** Signs in with a password. */
@Injectable()
export class LoginService {
  constructor(
    private readonly stores: AccountStores,
    private readonly passwords: PasswordHasher,
    private readonly signIns: SignInService,
    private readonly attempts: LoginAttempts,
    private readonly notices: AccountNotices,
  ) {}

  /**
   * Begins a session, or says which second factor is missing. Whether the tenant, the account or the password was wrong,
   * or the account is locked, the refusal is one and the same, and takes as long. Throws ForbiddenError when all was right
   * and the tenant is suspended. A hash of a lower cost than is configured now is replaced: only here is the password at hand.
   */
  async login({ tenant: slug, email, password }: LoginDto, address: string): Promise<SignedIn> {
    const tenant = await this.stores.findRealmBySlug(slug);
    const account =
      tenant === undefined
        ? null
        : await this.stores.within(tenant, (store) => store.accounts.findByEmail(email));
    const hash = account?.passwordHash ?? null;
    const subject = {
      realm: tenant === undefined ? `unknown ${slug}` : (tenant?.id ?? null),
      account: account ? { id: account.id } : { email },
      proof: 'password',
    } as const;
    const isRight = await this.attempts.check(subject, address, () => this.passwords.verify(password, hash));
    if (!isRight || !account || hash === null || tenant === undefined || account.lockedAt !== null) {
      await this.recordFailure(tenant, account);
      throw invalidCredentials();
    }
    if (tenant) assertNotSuspended(tenant);
    return this.begin(tenant, account, hash, password);
  }

  private async begin(
    tenant: Tenant | null,
    account: AccountColumns,
    hash: string,
    password: string,
  ): Promise<SignedIn> {
    const stronger = this.passwords.isOutdated(hash) ? await this.passwords.hash(password) : undefined;
    return this.stores.within(tenant, (store) =>
      store.transaction(async (inside) => {
        if (!(await inside.accounts.holdUnchanged(account.id, hash))) throw invalidCredentials();
        if (stronger !== undefined) await inside.accounts.replacePasswordHash(account.id, hash, stronger);
        return this.signIns.proceed(inside, account);
      }),
    );
  }

  /** In the log of the tenant that was named, if there is one; else in the platform's. */
  private async recordFailure(
    tenant: Tenant | null | undefined,
    account: AccountColumns | null,
  ): Promise<void> {
    const event = { action: 'authn_login_fail', outcome: 'failure' } as const;
    await this.stores.within(tenant ?? null, () =>
      this.notices.record({ ...event, ...(account && { accountId: account.id }) }),
    );
  }
}

const invalidCredentials = () =>
  new UnauthenticatedError('invalid_credentials', 'The tenant, e-mail address or password is wrong.');
