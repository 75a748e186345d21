import { Injectable } from '@nestjs/common';
import { ConflictError, InvalidError } from '../../kernel/errors.js';
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
import type { ExpectedVersions } from '../../kernel/version.js';
import { isForeignKeyViolation, isUniqueViolation } from '../tenancy/database-errors.js';
import type { CreateUserDto, NewUser, UpdateUserDto, UserQueryDto } from './users.dto.js';
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
    const confinedTo = this.users.confinedTo('users:create');
    const vendorId = dto.vendorId ?? confinedTo;
    if (confinedTo !== null && vendorId !== confinedTo) throw unknownVendor();
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

  /** Changes count from the user's next request on. Throws ForbiddenInputError for more than the caller holds. */
  async update(id: string, dto: UpdateUserDto, expected: ExpectedVersions): Promise<User> {
    const change = () =>
      this.users.change(id, 'users:update', expected, async (user) => {
        const before = { ...user };
        Object.assign(user, dto, dto.email === undefined ? {} : { email: normaliseEmail(dto.email) });
        assertVendorFits(user.roles, user.vendorId);
        await this.assertWithinRights(before, user);
        if (before.email !== user.email) await this.invitations.withdraw(id);
      });
    return translating(() => this.users.keepingAnAdmin(change, lastAdmin));
  }

  /** Removes the user with all sessions. */
  async remove(id: string, expected: ExpectedVersions): Promise<void> {
    await this.users.keepingAnAdmin(() => this.users.remove(id, 'users:delete', expected), lastAdmin);
  }

  async assertVisible(id: string, permission: Permission): Promise<string | null> {
    return (await this.users.getVisible(id, permission)).vendorId;
  }

  /** Who changes whom a user is, or what a user holds, must hold all of it, before and after. */
  private async assertWithinRights(before: User, after: User): Promise<void> {
    const confinedTo = this.users.confinedTo('users:update');
    const isMoved = before.vendorId !== after.vendorId;
    if (isMoved && confinedTo !== null && after.vendorId !== confinedTo) throw unknownVendor();
    const isRegranted = isMoved || before.roles.join() !== after.roles.join();
    const pointer = before.email !== after.email ? '/email' : isMoved ? '/vendorId' : '/roles';
    if (isRegranted || pointer === '/email') await this.delegation.assertCoversUser(before, pointer);
    if (isRegranted) await this.delegation.assertMayAssign(after.roles, after.vendorId);
  }
}

const unknownVendor = (): Error => InvalidError.field('/vendorId', 'unknown', 'There is no such vendor.');
const lastAdmin = (): Error => new ConflictError('A tenant keeps at least one administrator.');

function assertVendorFits(roles: readonly string[], vendorId: string | null | undefined): void {
  if (roles.includes('vendor') && !vendorId) {
    throw InvalidError.field('/vendorId', 'required', 'The role `vendor` needs a vendor.');
  }
}

/** What the database alone can know: another has the e-mail address, or the vendor does not exist. */
async function translating<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error)) throw new ConflictError('Another user has this e-mail address.');
    if (isForeignKeyViolation(error)) throw unknownVendor();
    throw error;
  }
}
