import { Inject, Injectable } from '@nestjs/common';
import { ConflictError, InvalidError } from '../../kernel/errors.js';
import type { Page } from '../../kernel/page.js';
import { pageRequest } from '../http/page-request.js';
import type { OwnerLookup } from '../http/route.js';
import { TenantLifecycle } from '../tenancy/registry/tenant-lifecycle.js';
import { assertVersion, type ExpectedVersions } from '../../kernel/version.js';
import type { Tenant } from '../tenancy/registry/tenant.entity.js';
import type { NewUser } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import { changedPolicy } from './tenant-policy.dto.js';
import type { CreateTenantDto, SuspendTenantDto, TenantQueryDto, UpdateTenantDto } from './tenants.dto.js';
import { TenantsRepository } from './tenants.repository.js';

/** What operators do with tenants. They never see a tenant's business data. */
@Injectable()
export class TenantsService implements OwnerLookup {
  constructor(
    private readonly tenants: TenantsRepository,
    private readonly users: UsersService,
    @Inject(TenantLifecycle) private readonly lifecycle: TenantLifecycle,
  ) {}

  list(query: TenantQueryDto): Promise<Page<Tenant>> {
    return this.tenants.list(pageRequest(query), query);
  }

  get(id: string): Promise<Tenant> {
    return this.tenants.get(id);
  }

  /** Makes the tenant, ready to use, with its first administrator, who is invited when no password is given. */
  async create({
    slug,
    name,
    database,
    admin,
  }: CreateTenantDto): Promise<{ tenant: Tenant; admin: NewUser }> {
    const prepared = await this.users.prepare(
      {
        name: admin.name ?? admin.email,
        email: admin.email,
        password: admin.password,
        roles: ['tenant_admin'],
      },
      { pointer: '/admin/password', words: [slug, name], tenantId: undefined },
    );
    const { tenant, furnished } = await this.lifecycle.create({ slug, name, database }, () =>
      this.users.insert(prepared),
    );
    return { tenant, admin: furnished };
  }

  update(id: string, dto: UpdateTenantDto, expected: ExpectedVersions): Promise<Tenant> {
    return this.tenants.change(id, expected, (tenant) => {
      if (dto.name !== undefined) tenant.name = dto.name;
      if (dto.policy !== undefined) tenant.policy = changedPolicy(tenant.policy, dto.policy);
    });
  }

  /** Shuts the tenant's callers out, or takes the right to write from them. Throws ConflictError unless it is active, or suspended already. */
  async suspend(id: string, how: SuspendTenantDto = {}): Promise<Tenant> {
    return this.lifecycle.suspend(await this.settled(id), how);
  }

  async resume(id: string): Promise<Tenant> {
    return this.lifecycle.resume(await this.settled(id));
  }

  /** Destroys the tenant and all its data, for a caller who repeats its slug. */
  async remove(id: string, confirm: string | undefined, expected: ExpectedVersions): Promise<void> {
    const tenant = await this.tenants.get(id);
    if (confirm !== tenant.slug)
      throw InvalidError.field('/query/confirm', 'confirmation', "Must be the tenant's slug.");
    assertVersion(expected, tenant.version);
    await this.lifecycle.destroy(tenant);
  }

  /** Undoes a creation whose further steps failed. */
  async discard(tenant: Tenant): Promise<void> {
    await this.lifecycle.discard(tenant);
  }

  async assertVisible(id: string): Promise<null> {
    await this.tenants.get(id);
    return null;
  }

  /** The tenant, when it is in use. Throws ConflictError while it is being made or destroyed. */
  async settled(id: string): Promise<Tenant> {
    const tenant = await this.tenants.get(id);
    if (tenant.status !== 'active' && tenant.status !== 'suspended') {
      throw new ConflictError(`The tenant is ${tenant.status}.`);
    }
    return tenant;
  }
}
