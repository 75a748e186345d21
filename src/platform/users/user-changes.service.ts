import { Injectable } from '@nestjs/common';
import type { ExpectedVersions } from '../../kernel/version.js';
import { AccountLocks } from '../auth/accounts/account-locks.js';
import { normaliseEmail } from '../auth/accounts/email.js';
import type { User } from '../auth/accounts/user.entity.js';
import { InvitationsService } from '../auth/invitations/invitations.service.js';
import { SessionsService } from '../auth/sessions/sessions.service.js';
import { Delegation } from '../roles/delegation.js';
import { unknownVendor } from '../roles/owning-vendor.js';
import { assertVendorFits, lastAdmin, translating } from './user-faults.js';
import type { UpdateUserDto } from './users.dto.js';
import { UsersRepository } from './users.repository.js';

/** Changes who users are, what they hold, and whether they may be here at all. */
@Injectable()
export class UserChangesService {
  constructor(
    private readonly users: UsersRepository,
    private readonly locks: AccountLocks,
    private readonly sessions: SessionsService,
    private readonly delegation: Delegation,
    private readonly invitations: InvitationsService,
  ) {}

  /**
   * Changes count from the user's next request on; one who is disabled has no session any more. Throws
   * ForbiddenInputError for more than the caller holds.
   */
  async update(id: string, dto: UpdateUserDto, expected: ExpectedVersions): Promise<User> {
    const change = async (): Promise<User> => {
      let before: User | undefined;
      const after = await this.users.change(id, 'users:update', expected, async (user) => {
        before = Object.assign(Object.create(user) as User, user);
        apply(dto, user);
        assertVendorFits(user.roles, user.vendorId);
        await this.assertWithinRights(before, user);
        if (before.email !== user.email) await this.invitations.withdraw(id);
      });
      if (before!.status !== after.status) await this.locks.followStatus(id, after.status);
      return after;
    };
    return translating(() => this.users.keepingAnAdmin(change, lastAdmin));
  }

  /** Ends all sessions of the user, who may sign in again. Throws ForbiddenInputError. */
  async endSessions(id: string): Promise<void> {
    const user = await this.users.getVisible(id, 'users:update');
    await this.delegation.assertCoversUser(user, '/id');
    await this.users.together(() => this.sessions.endAllOf(id));
  }

  /** Who changes whom a user is, what a user holds or whether they get in, must hold all of it, before and after. */
  private async assertWithinRights(before: User, after: User): Promise<void> {
    const confinedTo = this.users.confinedTo('users:update');
    const isMoved = before.vendorId !== after.vendorId;
    if (isMoved && confinedTo !== null && after.vendorId !== confinedTo) throw unknownVendor();
    const isRegranted = isMoved || before.roles.join() !== after.roles.join();
    const faults = {
      '/email': before.email !== after.email,
      '/status': before.status !== after.status,
      '/vendorId': isMoved,
      '/roles': isRegranted,
    };
    const pointer = Object.entries(faults).find(([, isChanged]) => isChanged)?.[0];
    if (pointer !== undefined) await this.delegation.assertCoversUser(before, pointer);
    if (isRegranted) await this.delegation.assertMayAssign(after.roles, after.vendorId);
  }
}

function apply({ status, ...dto }: UpdateUserDto, user: User): void {
  Object.assign(user, dto, dto.email === undefined ? {} : { email: normaliseEmail(dto.email) });
  if (status === 'active') user.lockedAt = null;
  if (status === 'disabled') user.lockedAt ??= new Date();
}
