import { Inject, Injectable } from '@nestjs/common';
import { In, type SelectQueryBuilder } from 'typeorm';
import { NotFoundError } from '../../kernel/errors.js';
import type { Permission } from '../../kernel/permissions.js';
import { ITEM } from '../tenancy/page-query.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { TenantRepository } from '../tenancy/tenant.repository.js';
import { CustomRole } from './role.entity.js';

/** The roles that the tenant made. They belong to no vendor. */
@Injectable()
export class RolesRepository extends TenantRepository<CustomRole> {
  protected readonly readPermission = 'roles:read';

  constructor(@Inject(TenantContext) context: TenantContext) {
    super(context, CustomRole);
  }

  /** All of them, by name. */
  async findAll(): Promise<CustomRole[]> {
    return this.visible('roles:read').orderBy(`${ITEM}.name`).getMany();
  }

  count(): Promise<number> {
    return this.repository.count();
  }

  /** Throws NotFoundError. */
  async getByName(name: string, permission: Permission): Promise<CustomRole> {
    const role = await this.visible(permission).andWhere(`${ITEM}.name = :name`, { name }).getOne();
    if (!role) throw new NotFoundError();
    return role;
  }

  /** Those of these names that exist; needs no caller. */
  async findNamed(names: readonly string[]): Promise<CustomRole[]> {
    return this.repository.findBy({ name: In([...names]) });
  }

  /** As `findNamed`; none of them is changed or removed before the end of the transaction under way. */
  async findNamedAndHold(names: readonly string[]): Promise<CustomRole[]> {
    return this.repository.find({
      where: { name: In([...names]) },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_read' },
    });
  }

  /** The vendors of those who have the role, each once; null stands for all who have none. Empty when nobody has it. */
  async vendorsOfHolders(name: string): Promise<(string | null)[]> {
    const rows = await this.context.manager
      .getRepository<{ roles: string[]; vendorId: string | null }>('User')
      .createQueryBuilder(ITEM)
      .select(`${ITEM}.vendorId`, 'vendorId')
      .distinct(true)
      .where(`:name = ANY(${ITEM}.roles)`, { name })
      .getRawMany<{ vendorId: string | null }>();
    return rows.map(({ vendorId }) => vendorId);
  }

  protected ownedBy(query: SelectQueryBuilder<CustomRole>): void {
    query.andWhere('false');
  }
}
