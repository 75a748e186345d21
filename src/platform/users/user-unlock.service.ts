import { Injectable } from '@nestjs/common';
import { AccountLocks } from '../auth/accounts/account-locks.js';
import type { User } from '../auth/accounts/user.entity.js';
import { InvitationsService } from '../auth/invitations/invitations.service.js';
import { Delegation } from '../roles/delegation.js';
import { UsersRepository } from './users.repository.js';

/** Lets users in again. Nobody does that for a user who holds more than they do. */
@Injectable()
export class UserUnlockService {
  constructor(
    private readonly users: UsersRepository,
    private readonly locks: AccountLocks,
    private readonly invitations: InvitationsService,
    private readonly delegation: Delegation,
  ) {}

  /** Opens a locked account, and forgets its failures. Throws ForbiddenInputError. */
  async unlock(id: string): Promise<User> {
    await this.getCovered(id);
    await this.locks.unlockUser(id);
    return this.users.getVisible(id, 'users:update');
  }

  /** Invites the user anew, by mail alone. Throws ForbiddenInputError, ConflictError where no mail is sent. */
  async invite(id: string): Promise<void> {
    await this.invitations.inviteByMail(await this.getCovered(id));
  }

  private async getCovered(id: string): Promise<User> {
    const user = await this.users.getVisible(id, 'users:update');
    await this.delegation.assertCoversUser(user, '/id');
    return user;
  }
}
