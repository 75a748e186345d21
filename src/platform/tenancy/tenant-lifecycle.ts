import { createHash } from 'node:crypto';
import { In, Not } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ConflictError, NotFoundError } from '../../kernel/errors.js';
import { LOGIN_SHARDS } from './database-roles.js';
import type { OwnerDatabase } from './owner-database.js';
import type { Registry } from './registry.js';
import { bindingOf, type TenantDirectory } from './tenant-directory.js';
import type { TenantContext } from './tenant-context.js';
import { newSchemaName } from './tenant-schema.js';
import { Tenant, type TenantStatus } from './tenant.entity.js';

/** Makes, suspends and destroys tenants. Each step is recorded in the registry first, so that a crash can be mended. */
export class TenantLifecycle {
  private readonly destroyers: ((tenantId: string) => Promise<void>)[] = [];

  constructor(
    private readonly registry: Registry,
    private readonly owner: OwnerDatabase,
    private readonly directory: TenantDirectory,
    private readonly context: TenantContext,
  ) {}

  /**
   * Makes a tenant that is ready to use. `furnish` runs bound to it, before anyone can reach it; should it fail,
   * nothing of the tenant remains. Throws ConflictError for a slug that is or was in use.
   */
  async create<T>(
    facts: { slug: string; name: string },
    furnish: () => Promise<T>,
  ): Promise<{ tenant: Tenant; furnished: T }> {
    const tenant = await this.register(facts);
    try {
      await this.owner.createSchema(tenant.schemaName, tenant.loginShard);
      const furnished = await this.context.run(bindingOf(tenant), furnish);
      return { tenant: await this.setStatus(tenant, 'active'), furnished };
    } catch (error) {
      await this.discard(tenant);
      throw error;
    }
  }

  /** Name of the newest migration that this version of the code has for tenants. */
  get latestSchemaVersion(): string {
    return this.owner.latestTenantMigration;
  }

  /** Adds what must go with a tenant but is not in its schema. May be called again for one that is gone. */
  onDestroy(destroyer: (tenantId: string) => Promise<void>): void {
    this.destroyers.push(destroyer);
  }

  async suspend(tenant: Tenant): Promise<Tenant> {
    return this.setStatus(tenant, 'suspended');
  }

  async resume(tenant: Tenant): Promise<Tenant> {
    return this.setStatus(tenant, 'active');
  }

  /** Destroys all data of the tenant. Its slug stays taken. */
  async destroy(tenant: Tenant): Promise<void> {
    await this.setStatus(tenant, 'deleting');
    await this.owner.dropSchema(tenant.schemaName);
    for (const destroyer of this.destroyers) await destroyer(tenant.id);
    await this.setStatus(tenant, 'deleted');
  }

  /** Ends what a crash left half done: tenants never finished go, deletions begun are completed. For the start. */
  async mend(): Promise<void> {
    const tenants = this.registry.getRepository(Tenant);
    for (const tenant of await tenants.findBy({ status: 'deleting' })) await this.destroy(tenant);
    for (const tenant of await tenants.findBy({ status: 'provisioning' })) {
      if (Date.now() - tenant.createdAt.getTime() > ABANDONED_AFTER_MS) await this.discard(tenant);
    }
  }

  /** Brings the schemas of tenants that are behind up to date, one after the other; returns how many there were. */
  async migrateBehind(): Promise<number> {
    const tenants = this.registry.getRepository(Tenant);
    const schemaVersion = this.owner.latestTenantMigration;
    const behind = await tenants.findBy({
      schemaVersion: Not(schemaVersion),
      status: In(['active', 'suspended']),
    });
    for (const { id, schemaName } of behind) {
      await this.owner.migrateTenant(schemaName);
      await tenants.update({ id }, { schemaVersion });
    }
    return behind.length;
  }

  private async register(facts: { slug: string; name: string }): Promise<Tenant> {
    const id = uuidv7();
    const repository = this.registry.getRepository(Tenant);
    const tenant = repository.create({
      ...facts,
      id,
      status: 'provisioning',
      schemaName: newSchemaName(),
      loginShard: shardOf(id),
      schemaVersion: this.owner.latestTenantMigration,
    });
    try {
      return await repository.save(tenant);
    } catch (error) {
      if (isUniqueViolation(error)) throw new ConflictError('This slug is or was in use.');
      throw error;
    }
  }

  /** Undoes the creation of a tenant that nobody has used: its slug is free again. */
  async discard(tenant: Tenant): Promise<void> {
    await this.owner.dropSchema(tenant.schemaName);
    for (const destroyer of this.destroyers) await destroyer(tenant.id);
    this.directory.forget(tenant);
    await this.registry.getRepository(Tenant).delete({ id: tenant.id });
  }

  private async setStatus(tenant: Tenant, status: TenantStatus): Promise<Tenant> {
    const repository = this.registry.getRepository(Tenant);
    const row = await repository.findOneBy({ id: tenant.id });
    if (!row) throw new NotFoundError();
    const saved = await repository.save(Object.assign(row, { status }));
    this.directory.forget(saved);
    return saved;
  }
}

/** Another node may be making a tenant just now; none takes this long. */
const ABANDONED_AFTER_MS = 10 * 60_000;

const shardOf = (id: string): number => createHash('sha1').update(id).digest().readUInt32BE() % LOGIN_SHARDS;

/** SQLSTATE unique_violation. */
export const isUniqueViolation = (error: unknown): boolean =>
  (error as { code?: unknown } | null)?.code === '23505';
