import { Injectable } from '@nestjs/common';
import { InvalidError } from '../../../kernel/errors.js';
import type { AccountColumns } from '../accounts/account.entity.js';
import { LoginAttempts } from '../attempts/login-attempts.js';
import { PasswordHasher } from './password-hasher.js';

/** Asks those who are signed in for their password once more; guesses count as they do at the login. */
@Injectable()
export class CurrentPassword {
  constructor(
    private readonly attempts: LoginAttempts,
    private readonly hasher: PasswordHasher,
  ) {}

  /** Throws InvalidError, naming `/currentPassword`, when it is wrong or the account is locked: in the same words. */
  async assert(
    realm: string | null,
    account: AccountColumns,
    password: string,
    address: string,
  ): Promise<void> {
    if (!(await this.isRight(realm, account, password, address)))
      throw InvalidError.field('/currentPassword', 'wrong_password', 'This is not your password.');
  }

  /** Whether it is the account's password, and may be tried: an attempt like any other. */
  async isRight(
    realm: string | null,
    { id, passwordHash }: Pick<AccountColumns, 'id' | 'passwordHash'>,
    password: string,
    address: string,
  ): Promise<boolean> {
    const subject = { realm, account: { id }, proof: 'password' } as const;
    return this.attempts.check(subject, address, () => this.hasher.verify(password, passwordHash));
  }
}
