import { Inject, Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
import { User } from '../auth/accounts/user.entity.js';
import { ITEM } from '../tenancy/page-query.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { TenantRepository } from '../tenancy/tenant.repository.js';

@Injectable()
export class UsersRepository extends TenantRepository<User> {
  protected readonly readPermission = 'users:read';
  protected override readonly quota = 'users';

  constructor(@Inject(TenantContext) context: TenantContext) {
    super(context, User);
  }

  /** Whose users these are. */
  get tenantId(): string {
    return this.context.binding.tenantId;
  }

  list(request: PageRequest, { q }: { q?: string }): Promise<Page<User>> {
    return this.findPage(request, { search: ['name', q] });
  }

  /** Runs work that may take rights away, and undoes it when no administrator would remain after it. */
  async keepingAnAdmin<T>(work: () => Promise<T>, onNone: () => Error): Promise<T> {
    return this.context.transaction(async () => {
      const before = await this.admins().orderBy(`${ITEM}.id`).setLock('pessimistic_write').getMany();
      const result = await work();
      if (before.length > 0 && (await this.admins().getCount()) === 0) throw onNone();
      return result;
    });
  }

  protected ownedBy(query: SelectQueryBuilder<User>, vendorId: string): void {
    query.andWhere(`${ITEM}.vendorId = :vendorId`, { vendorId });
  }

  private admins(): SelectQueryBuilder<User> {
    return this.repository
      .createQueryBuilder(ITEM)
      .where(`'tenant_admin' = ANY(${ITEM}.roles) AND ${ITEM}.lockedAt IS NULL`);
  }
}
