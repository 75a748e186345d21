import { Injectable } from '@nestjs/common';
import { ConflictError } from '../../kernel/errors.js';
import { isBuiltIn } from '../../kernel/grants.js';
import type { Page } from '../../kernel/page.js';
import { PERMISSION_FACTS } from '../../kernel/permission-catalogue.js';
import { PERMISSIONS, TENANT_ROLES, type Permission, type TenantRole } from '../../kernel/permissions.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { isUniqueViolation } from '../tenancy/database-errors.js';
import { assertInCatalogue } from './catalogue-check.js';
import { Delegation } from './delegation.js';
import type { CustomRole } from './role.entity.js';
import { RoleDto, type CreateRoleDto, type UpdateRoleDto } from './roles.dto.js';
import { RolesRepository } from './roles.repository.js';

/** Far more than anybody keeps an overview of; so the list needs no pages. */
const MAX_ROLES = 100 - TENANT_ROLES.length;

/** The roles of a tenant: the built-in ones, and its own. Changes count from the next request of each holder on. */
@Injectable()
export class RolesService {
  constructor(
    private readonly roles: RolesRepository,
    private readonly delegation: Delegation,
    private readonly audit: AuditTrail,
  ) {}

  /** What a tenant's roles can be made of. */
  catalogue(): Page<Permission> {
    const data = PERMISSIONS.filter((permission) => PERMISSION_FACTS[permission].realm === 'tenant');
    return { data, nextCursor: null, limit: 100 };
  }

  async list(): Promise<Page<RoleDto>> {
    const custom = await this.roles.findAll();
    const data = [
      ...TENANT_ROLES.map((name) => RoleDto.builtIn(name)),
      ...custom.map((role) => RoleDto.from(role)),
    ];
    return { data, nextCursor: null, limit: 100 };
  }

  async get(name: string): Promise<RoleDto> {
    if (isTenantRole(name)) return RoleDto.builtIn(name);
    return RoleDto.from(await this.roles.getByName(name, 'roles:read'));
  }

  /** Throws InvalidError for what is not in the catalogue, ForbiddenInputError for what the caller does not hold. */
  async create(dto: CreateRoleDto): Promise<RoleDto> {
    const { name, description = null, permissions, exceptFields = [] } = dto;
    assertInCatalogue({ permissions, exceptFields });
    this.delegation.assertMayGrant({ permissions, exceptFields }, [undefined]);
    if (isBuiltIn(name)) throw taken();
    return this.roles.together(async () => {
      if ((await this.roles.count()) >= MAX_ROLES)
        throw new ConflictError('There are too many roles already.');
      const role = await this.inserted({ name, description, permissions, exceptFields });
      await this.record('create', role);
      return RoleDto.from(role);
    });
  }

  /** The caller must hold all that the role will grant, for the vendor of each of its holders. */
  async update(name: string, dto: UpdateRoleDto, expected: ExpectedVersions): Promise<RoleDto> {
    assertChangeable(name);
    return this.roles.together(async () => {
      const { id } = await this.roles.getByName(name, 'roles:update');
      const changed = await this.roles.change(id, 'roles:update', expected, async (role) => {
        Object.assign(role, dto);
        if (dto.permissions === undefined && dto.exceptFields === undefined) return;
        assertInCatalogue(role);
        this.delegation.assertMayGrant(role, [undefined, ...(await this.roles.vendorsOfHolders(name))]);
      });
      await this.record('update', changed);
      return RoleDto.from(changed);
    });
  }

  /** Throws ConflictError while somebody has the role. */
  async remove(name: string, expected: ExpectedVersions): Promise<void> {
    assertChangeable(name);
    await this.roles.together(async () => {
      const { id } = await this.roles.getByName(name, 'roles:delete');
      const removed = await this.roles.remove(id, 'roles:delete', expected);
      // Once the row is locked nobody else can be given the role.
      if ((await this.roles.vendorsOfHolders(name)).length > 0)
        throw new ConflictError('Some users have this role.', 'role_in_use');
      await this.record('delete', removed);
    });
  }

  private async inserted(values: Partial<CustomRole>): Promise<CustomRole> {
    try {
      return await this.roles.insert(values);
    } catch (error) {
      throw isUniqueViolation(error) ? taken() : error;
    }
  }

  private record(change: string, { id, name }: CustomRole): Promise<void> {
    const target = { type: 'role', id };
    return this.audit.record({
      action: 'authz_policy_change',
      outcome: 'success',
      target,
      detail: { change, name },
    });
  }
}

const isTenantRole = (name: string): name is TenantRole => (TENANT_ROLES as readonly string[]).includes(name);
const taken = (): Error => new ConflictError('There is a role of this name already.');

function assertChangeable(name: string): void {
  if (isTenantRole(name))
    throw new ConflictError('Built-in roles are the same in every tenant.', 'built_in_role');
}
