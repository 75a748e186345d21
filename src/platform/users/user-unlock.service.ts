import { Injectable } from '@nestjs/common';
import type { Actor } from '../../kernel/actor.js';
import { AccountLocks } from '../auth/accounts/account-locks.js';
import type { User } from '../auth/accounts/user.entity.js';
import { FactorResetService } from '../auth/factors/factor-reset.service.js';
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
    private readonly factors: FactorResetService,
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

  /** Takes all second factors off the user. Throws ForbiddenInputError, ConflictError for the caller's own. */
  async resetFactors(actor: Actor, id: string): Promise<void> {
    await this.getCovered(id);
    await this.factors.reset(actor, id);
  }

  private async getCovered(id: string): Promise<User> {
    const user = await this.users.getVisible(id, 'users:update');
    await this.delegation.assertCoversUser(user, '/id');
    return user;
  }
}
