import { Injectable } from '@nestjs/common';
import type { Page } from '../../kernel/page.js';
import type { Permission } from '../../kernel/permissions.js';
import { InvitationsService } from '../auth/invitations/invitations.service.js';
import { normaliseEmail } from '../auth/accounts/email.js';
import { PasswordHasher } from '../auth/passwords/password-hasher.js';
import { PasswordPolicy } from '../auth/passwords/password-policy.js';
import type { User } from '../auth/accounts/user.entity.js';
import { pageRequest } from '../http/page-request.js';
import type { OwnerLookup } from '../http/route.js';
import { Delegation } from '../roles/delegation.js';
import { ownerOf } from '../roles/owning-vendor.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import type { CreateUserDto, NewUser, UserQueryDto } from './users.dto.js';
import { assertVendorFits, lastAdmin, translating } from './user-faults.js';
import { UsersRepository } from './users.repository.js';

/** A user whose password is hashed and who may be inserted. */
export interface PreparedUser {
  email: string;
  name: string;
  roles: string[];
  vendorId: string | null;
  passwordHash: string | null;
}

/** The rules of a tenant's users. */
@Injectable()
export class UsersService implements OwnerLookup {
  constructor(
    private readonly users: UsersRepository,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly invitations: InvitationsService,
    private readonly delegation: Delegation,
  ) {}

  list(query: UserQueryDto): Promise<Page<User>> {
    return this.users.list(pageRequest(query), query);
  }

  get(id: string): Promise<User> {
    return this.users.getVisible(id, 'users:read');
  }

  /** Throws ForbiddenInputError for roles that grant more than the caller holds. */
  async create(dto: CreateUserDto): Promise<NewUser> {
    const vendorId = ownerOf(dto.vendorId, this.users.confinedTo('users:create'));
    const given = { pointer: '/password', words: [], tenantId: this.users.tenantId };
    const prepared = await this.prepare({ ...dto, vendorId }, given);
    return this.users.together(async () => {
      await this.delegation.assertMayAssign(prepared.roles, prepared.vendorId);
      return this.insert(prepared);
    });
  }

  /** Checks the facts and hashes the password. Throws InvalidError. Needs no tenant yet. */
  async prepare(
    dto: CreateUserDto,
    given: { pointer: string; words: string[]; tenantId: string | undefined },
  ): Promise<PreparedUser> {
    const email = normaliseEmail(dto.email);
    assertVendorFits(dto.roles, dto.vendorId);
    const { name, roles, vendorId = null, password } = dto;
    const { pointer, words, tenantId } = given;
    if (password !== undefined)
      await this.policy.assertAcceptable(password, { pointer, ownWords: [email, name, ...words], tenantId });
    const passwordHash = password === undefined ? null : await this.hasher.hash(password);
    return { email, name, roles, vendorId, passwordHash };
  }

  /** Adds the user to the tenant bound to the call, with an invitation when there is no password. */
  async insert(prepared: PreparedUser): Promise<NewUser> {
    const user = await translating(() => this.users.insert(prepared));
    if (prepared.passwordHash !== null) return { user };
    return { user, invitation: await this.invitations.invite(user) };
  }

  /** Removes the user with all sessions. */
  async remove(id: string, expected: ExpectedVersions): Promise<void> {
    await this.users.keepingAnAdmin(() => this.users.remove(id, 'users:delete', expected), lastAdmin);
  }

  async assertVisible(id: string, permission: Permission): Promise<string | null> {
    return (await this.users.getVisible(id, permission)).vendorId;
  }
}
