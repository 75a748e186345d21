import { Injectable } from '@nestjs/common';
import { ConflictError, ForbiddenError, InvalidError } from '../../kernel/errors.js';
import type { Page } from '../../kernel/page.js';
import type { Actor } from '../../kernel/actor.js';
import { coversRoles, type Permission, type TenantRole } from '../../kernel/permissions.js';
import { InvitationsService } from '../auth/invitations/invitations.service.js';
import { AccountLocks } from '../auth/accounts/account-locks.js';
import { normaliseEmail } from '../auth/accounts/email.js';
import { PasswordHasher } from '../auth/passwords/password-hasher.js';
import { PasswordPolicy } from '../auth/passwords/password-policy.js';
import type { User } from '../auth/accounts/user.entity.js';
import { pageRequest } from '../http/page-request.js';
import type { OwnerLookup } from '../http/route.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import { isForeignKeyViolation, isUniqueViolation } from '../tenancy/database-errors.js';
import type { CreateUserDto, NewUser, UpdateUserDto, UserQueryDto } from './users.dto.js';
import { UsersRepository } from './users.repository.js';

/** A user whose password is hashed and who may be inserted. */
export interface PreparedUser {
  email: string;
  name: string;
  roles: TenantRole[];
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
    private readonly locks: AccountLocks,
  ) {}

  list(query: UserQueryDto): Promise<Page<User>> {
    return this.users.list(pageRequest(query), query);
  }

  get(id: string): Promise<User> {
    return this.users.getVisible(id, 'users:read');
  }

  /** Throws ForbiddenError for roles that grant more than the caller holds. */
  async create(dto: CreateUserDto, actor: Actor): Promise<NewUser> {
    assertCovers(actor, dto.roles);
    const { tenantId } = actor;
    return this.insert(await this.prepare(dto, { pointer: '/password', words: [], tenantId }));
  }

  /** Checks the facts and hashes the password. Throws InvalidError. Needs no tenant yet. */
  async prepare(
    dto: CreateUserDto,
    given: { pointer: string; words: string[]; tenantId: string | null | undefined },
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

  /** Changes count from the user's next request on. Throws ForbiddenError where they are beyond what the caller holds. */
  async update(id: string, dto: UpdateUserDto, expected: ExpectedVersions, actor: Actor): Promise<User> {
    const change = () =>
      this.users.change(id, 'users:update', expected, (user) => {
        assertCovers(actor, user.roles);
        if (dto.roles) assertCovers(actor, dto.roles);
        Object.assign(user, dto, dto.email === undefined ? {} : { email: normaliseEmail(dto.email) });
        assertVendorFits(user.roles, user.vendorId);
      });
    return translating(() => this.users.keepingAnAdmin(change, lastAdmin));
  }

  /** Removes the user with all sessions. */
  async remove(id: string, expected: ExpectedVersions): Promise<void> {
    await this.users.keepingAnAdmin(() => this.users.remove(id, 'users:delete', expected), lastAdmin);
  }

  /** Invites the user anew, by mail alone. Throws ForbiddenError, ConflictError where no mail is sent. */
  async invite(id: string, actor: Actor): Promise<void> {
    const user = await this.users.getVisible(id, 'users:update');
    assertCovers(actor, user.roles);
    await this.invitations.inviteByMail(user);
  }

  /** Opens a locked account, and forgets its failures. */
  async unlock(id: string): Promise<User> {
    await this.users.getVisible(id, 'users:update');
    await this.locks.unlockUser(id);
    return this.users.getVisible(id, 'users:update');
  }

  async assertVisible(id: string, permission: Permission): Promise<void> {
    await this.users.getVisible(id, permission);
  }
}

const lastAdmin = (): Error => new ConflictError('A tenant keeps at least one administrator.');

/** Nobody can grant, or rule over, more than they hold. */
function assertCovers({ grants }: Actor, roles: readonly string[]): void {
  if (!coversRoles(grants, roles))
    throw new ForbiddenError('forbidden', 'These roles grant more than you hold yourself.');
}

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
    if (isForeignKeyViolation(error))
      throw InvalidError.field('/vendorId', 'unknown', 'There is no such vendor.');
    throw error;
  }
}
