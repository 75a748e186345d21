import { createHash } from 'node:crypto';
import { In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ConflictError, NotFoundError } from '../../../kernel/errors.js';
import { MAIN_DATABASE } from '../../config/environment.js';
import { isUniqueViolation } from '../database-errors.js';
import { LOGIN_SHARDS } from '../owner/database-roles.js';
import { Orphans, type Orphan } from './orphans.js';
import type { OwnerDatabase, OwnerDatabases } from '../owner/owner-database.js';
import type { Registry } from './registry.js';
import { Placement, reasonOf } from '../placement/placement.js';
import { bindingOf, type TenantDirectory } from './tenant-directory.js';
import type { TenantBinding } from '../tenant-binding.js';
import type { TenantContext } from '../tenant-context.js';
import { newSchemaName } from '../tenant-schema.js';
import { assertMayBecome } from './tenant-states.js';
import { Tenant, type SuspensionMode, type TenantStatus } from './tenant.entity.js';

export interface NewTenant {
  slug: string;
  name: string;
  /** Name of the database on which it shall live. */
  database?: string | undefined;
}

/** Makes, suspends and destroys tenants. Each step is recorded in the registry first, so that a crash can be mended. */
export class TenantLifecycle {
  private readonly shredders: ((tenantId: string) => Promise<void>)[] = [];
  private readonly destroyers: ((tenantId: string) => Promise<void>)[] = [];
  private readonly orphans: Orphans;
  private readonly placement: Placement;

  constructor(
    private readonly registry: Registry,
    private readonly databases: OwnerDatabases,
    private readonly directory: TenantDirectory,
    private readonly context: TenantContext,
  ) {
    this.orphans = new Orphans(registry, databases);
    this.placement = new Placement(registry, databases);
  }

  /**
   * Makes a tenant that is ready to use. `furnish` runs bound to it, before anyone can reach it; should it fail,
   * nothing of the tenant remains. Throws ConflictError for a slug that is or was in use, InvalidError for a database
   * that takes no tenants; without one the emptiest is taken.
   */
  async create<T>(facts: NewTenant, furnish: () => Promise<T>): Promise<{ tenant: Tenant; furnished: T }> {
    const owner = await this.placement.choose(facts.database);
    const tenant = await this.register(facts, owner);
    try {
      await this.setStatus(tenant, 'provisioning');
      await owner.createSchema(tenant.schemaName, tenant.loginShard);
      const furnished = await this.context.run(bindingOf(tenant), furnish);
      return { tenant: await this.setStatus(tenant, 'active'), furnished };
    } catch (error) {
      await this.discard(tenant);
      throw error;
    }
  }

  /** Name of the newest migration that this version of the code has for tenants. */
  get latestSchemaVersion(): string {
    return this.databases.latestTenantMigration;
  }

  /**
   * Adds what makes a tenant's data unreadable wherever copies of it are. It comes before anything else of the tenant goes,
   * and may be called again.
   */
  onShred(shredder: (tenantId: string) => Promise<void>): void {
    this.shredders.push(shredder);
  }

  /** Adds what must go with a tenant but is not in its schema. May be called again for one that is gone. */
  onDestroy(destroyer: (tenantId: string) => Promise<void>): void {
    this.destroyers.push(destroyer);
  }

  /** Felt at once on this node, and on every other as soon as its directory asks again. May change the mode. */
  async suspend(
    tenant: Tenant,
    { mode = 'blocked', reason = null }: { mode?: SuspensionMode; reason?: string | null } = {},
  ): Promise<Tenant> {
    const since = tenant.suspensionMode === mode ? tenant.suspendedAt : new Date();
    const suspension = { suspensionMode: mode, suspensionReason: reason, suspendedAt: since };
    return this.setStatus(tenant, 'suspended', suspension);
  }

  async resume(tenant: Tenant): Promise<Tenant> {
    const none = { suspensionMode: null, suspensionReason: null, suspendedAt: null };
    return this.setStatus(tenant, 'active', none);
  }

  /** Destroys all data of the tenant. Its slug stays taken. */
  async destroy(tenant: Tenant): Promise<void> {
    await this.setStatus(tenant, 'deleting');
    for (const shredder of this.shredders) await shredder(tenant.id);
    await this.dropSchema(tenant);
    for (const destroyer of this.destroyers) await destroyer(tenant.id);
    await this.setStatus(tenant, 'deleted');
  }

  /**
   * Ends what a crash left half done: tenants never finished go, deletions begun are completed, and schemas and roles
   * that no tenant has are removed. For the start. Whatever cannot be mended stops nothing else; each is told.
   */
  async mend({ abandonedAfterMs = ABANDONED_AFTER_MS, orphanedAfterMs = ORPHANED_AFTER_MS } = {}): Promise<
    string[]
  > {
    const faults: string[] = [];
    const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        faults.push(`${what}: ${reasonOf(error)}`);
      }
    };
    const left = await this.registry.getRepository(Tenant).findBy({ status: In(UNFINISHED) });
    for (const tenant of left) {
      if (tenant.status === 'deleting')
        await attempt(`cannot finish the deletion of ${tenant.slug}`, () => this.destroy(tenant));
      else if (Date.now() - tenant.createdAt.getTime() >= abandonedAfterMs)
        await attempt(`cannot clear away ${tenant.slug}, which was never finished`, () =>
          this.discard(tenant),
        );
    }
    for (const database of this.databases.databases)
      await attempt(`cannot remove orphans on ${database}`, () =>
        this.orphans.remove(database, orphanedAfterMs),
      );
    return faults;
  }

  /** Removes the oldest entries of an audit log, up to that place of its chain; null is the platform's. Returns how many. */
  async pruneHistory(
    tenant: Pick<TenantBinding, 'schemaName' | 'database'> | null,
    sequence: number,
  ): Promise<number> {
    const owner = await this.databases.at(tenant?.database ?? MAIN_DATABASE);
    return owner.pruneHistory(tenant?.schemaName ?? null, sequence);
  }

  /** Schemas and roles of tenants' form that belong to no tenant. */
  async findOrphans(): Promise<Orphan[]> {
    const found: Orphan[] = [];
    for (const database of this.databases.databases) found.push(...(await this.orphans.find(database)));
    return found;
  }

  private async register({ slug, name }: NewTenant, owner: OwnerDatabase): Promise<Tenant> {
    const id = uuidv7();
    const { fingerprint } = await owner.blueprint();
    const repository = this.registry.getRepository(Tenant);
    const tenant = repository.create({
      slug,
      name,
      id,
      database: owner.name,
      status: 'requested',
      schemaName: newSchemaName(),
      loginShard: shardOf(id),
      schemaVersion: owner.latestTenantMigration,
      fingerprint,
      migratedAt: new Date(),
      policy: {},
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
    for (const shredder of this.shredders) await shredder(tenant.id);
    await this.dropSchema(tenant);
    for (const destroyer of this.destroyers) await destroyer(tenant.id);
    this.directory.forget(tenant);
    await this.registry.getRepository(Tenant).delete({ id: tenant.id });
  }

  /** There, and wherever a copy of it was left. Throws UnavailableError while a database is away. */
  private async dropSchema({ schemaName, database, staleCopyOn }: Tenant): Promise<void> {
    for (const name of [database, ...(staleCopyOn === null ? [] : [staleCopyOn])])
      await (await this.databases.at(name)).dropSchema(schemaName);
  }

  private async setStatus(tenant: Tenant, status: TenantStatus, more: Partial<Tenant> = {}): Promise<Tenant> {
    const saved = await this.registry.transaction(async (manager) => {
      const row = await manager.findOne(Tenant, {
        where: { id: tenant.id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!row) throw new NotFoundError();
      assertMayBecome(row.status, status);
      const before = { ...row };
      const after = await manager.save(Object.assign(row, { status }, more));
      const { id } = row;
      await this.context.changes.tell({ kind: 'updated', table: 'tenant', id, before, after: { ...after } });
      return after;
    });
    this.directory.forget(saved);
    return saved;
  }
}

/** Another node may be making a tenant just now; none takes this long. */
const ABANDONED_AFTER_MS = 10 * 60_000;
/** Somebody may be about to register what they restored by hand. */
const ORPHANED_AFTER_MS = 24 * 3_600_000;
const UNFINISHED: TenantStatus[] = ['requested', 'provisioning', 'deleting'];

const shardOf = (id: string): number => createHash('sha1').update(id).digest().readUInt32BE() % LOGIN_SHARDS;
