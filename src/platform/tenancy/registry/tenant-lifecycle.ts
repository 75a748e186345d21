import { createHash } from 'node:crypto';
import { In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ConflictError, NotFoundError } from '../../../kernel/errors.js';
import { isUniqueViolation } from '../database-errors.js';
import { LOGIN_SHARDS } from '../owner/database-roles.js';
import { Orphans, type Orphan } from './orphans.js';
import type { OwnerDatabase } from '../owner/owner-database.js';
import type { Registry } from './registry.js';
import { bindingOf, type TenantDirectory } from './tenant-directory.js';
import type { TenantContext } from '../tenant-context.js';
import { newSchemaName } from '../tenant-schema.js';
import { assertMayBecome } from './tenant-states.js';
import { Tenant, type SuspensionMode, type TenantStatus } from './tenant.entity.js';

/** Makes, suspends and destroys tenants. Each step is recorded in the registry first, so that a crash can be mended. */
export class TenantLifecycle {
  private readonly destroyers: ((tenantId: string) => Promise<void>)[] = [];
  private readonly orphans: Orphans;

  constructor(
    private readonly registry: Registry,
    private readonly owner: OwnerDatabase,
    private readonly directory: TenantDirectory,
    private readonly context: TenantContext,
  ) {
    this.orphans = new Orphans(registry, owner);
  }

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
      await this.setStatus(tenant, 'provisioning');
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
    await this.owner.dropSchema(tenant.schemaName);
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
        faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
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
    await attempt('cannot remove orphans', () => this.orphans.remove(orphanedAfterMs));
    return faults;
  }

  /** Removes the oldest entries of an audit log, up to that place of its chain; null is the platform's. Returns how many. */
  pruneHistory(tenant: Pick<Tenant, 'schemaName'> | null, sequence: number): Promise<number> {
    return this.owner.pruneHistory(tenant?.schemaName ?? null, sequence);
  }

  /** Schemas and roles of tenants' form that belong to no tenant. */
  findOrphans(): Promise<Orphan[]> {
    return this.orphans.find();
  }

  private async register(facts: { slug: string; name: string }): Promise<Tenant> {
    const id = uuidv7();
    const { fingerprint } = await this.owner.blueprint();
    const repository = this.registry.getRepository(Tenant);
    const tenant = repository.create({
      ...facts,
      id,
      status: 'requested',
      schemaName: newSchemaName(),
      loginShard: shardOf(id),
      schemaVersion: this.owner.latestTenantMigration,
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
    await this.owner.dropSchema(tenant.schemaName);
    for (const destroyer of this.destroyers) await destroyer(tenant.id);
    this.directory.forget(tenant);
    await this.registry.getRepository(Tenant).delete({ id: tenant.id });
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
