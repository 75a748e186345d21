import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError, NotFoundError } from '../../../kernel/errors.js';
import type { OwnerDatabase, OwnerDatabases } from '../owner/owner-database.js';
import { grantToTenant } from '../owner/tenant-blueprint.js';
import type { Registry } from '../registry/registry.js';
import { bindingOf, type TenantDirectory } from '../registry/tenant-directory.js';
import type { TenantLifecycle } from '../registry/tenant-lifecycle.js';
import { Tenant } from '../registry/tenant.entity.js';
import type { TenantContext } from '../tenant-context.js';
import { tablesOf } from '../owner/tenant-catalog.js';
import { quoteSchema } from '../tenant-schema.js';
import { TenantTables } from '../tenant-tables.js';
import { Placement } from './placement.js';

/** By then every node has asked the registry again, and shuts the tenant's callers out. */
const FELT_EVERYWHERE_MS = 1000;
/** Whoever still writes by then holds the move up no longer; it fails, and may be begun again. */
const LOCK_TIMEOUT_MS = 30_000;
const REASON = 'It moves to another database.';

export interface MoveParts {
  registry: Registry;
  databases: OwnerDatabases;
  directory: TenantDirectory;
  lifecycle: TenantLifecycle;
  context: TenantContext;
}

/**
 * Moves a tenant to another database. Nothing is atomic across two of them, so the registry alone says where the tenant
 * lives, in one row; `staleCopyOn` names the other database for as long as anything of the tenant may be there.
 * Meanwhile the tenant is suspended. After a crash it stays so until the move is begun again.
 */
export class TenantMove {
  private readonly placement: Placement;
  private readonly tables: TenantTables;

  constructor(private readonly parts: MoveParts) {
    this.placement = new Placement(parts.registry, parts.databases);
    this.tables = new TenantTables(parts.context);
  }

  /**
   * Every row moves, sessions too, under the same schema name. Should anything fail, the tenant is as before. Throws
   * ConflictError unless the tenant is active, or suspended and blocked; InvalidError for a database that takes none.
   */
  async move(tenant: Tenant, to: string): Promise<Tenant> {
    const registry = await this.parts.databases.at(this.parts.databases.databases[0]!);
    return registry.inTransaction(async (client) => {
      const { rows } = await client.query<{ isFree: boolean }>(
        'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS "isFree"',
        [`move ${tenant.id}`],
      );
      if (!rows[0]!.isFree) throw new ConflictError('The tenant is being moved already.');
      return this.moveAlone(tenant, to);
    });
  }

  private async moveAlone(tenant: Tenant, to: string): Promise<Tenant> {
    const isBlocked = tenant.status === 'suspended' && tenant.suspensionMode === 'blocked';
    if (tenant.status !== 'active' && !isBlocked)
      throw new ConflictError(
        tenant.status === 'suspended' ? 'Resume the tenant first, or block it.' : `It is ${tenant.status}.`,
      );
    const isResumed = tenant.status === 'active' || tenant.suspensionReason === REASON;
    const source = await this.parts.databases.at(tenant.database);
    // Nothing to move when only what a crash left is cleared away.
    const target = to === tenant.database ? undefined : await this.placement.choose(to);
    let current = await this.clear(tenant);
    try {
      if (target) current = await this.transfer(current, source, target);
      else await reopenForWriting(source, tenant.schemaName);
    } catch (error) {
      await reopenForWriting(source, tenant.schemaName);
      current = await this.clear(await this.read(tenant.id));
      if (isResumed && current.status === 'suspended') await this.parts.lifecycle.resume(current);
      throw error;
    }
    if (isResumed && current.status === 'suspended') current = await this.parts.lifecycle.resume(current);
    // It lives there already; what is left behind is cleared away by the next move, or with the tenant.
    return this.clear(current).catch(() => current);
  }

  /** The tenant's entry, once its schema is on the target and counts there. */
  private async transfer(tenant: Tenant, source: OwnerDatabase, target: OwnerDatabase): Promise<Tenant> {
    const { lifecycle } = this.parts;
    if (tenant.schemaVersion !== target.latestTenantMigration)
      throw new ConflictError('Its tables are not up to date; migrate it first.');
    if (tenant.status === 'active') await lifecycle.suspend(tenant, { mode: 'blocked', reason: REASON });
    await this.record(tenant.id, { staleCopyOn: target.name });
    await sleep(FELT_EVERYWHERE_MS);
    await this.closeForWriting(source, tenant.schemaName);
    await target.createSchema(tenant.schemaName, tenant.loginShard);
    await this.copy(tenant, source.name, target.name);
    const { fingerprint } = await target.blueprint();
    return this.record(tenant.id, { database: target.name, staleCopyOn: source.name, fingerprint });
  }

  /** Waits for whoever still writes. Reading goes on. */
  private async closeForWriting(source: OwnerDatabase, schemaName: string): Promise<void> {
    const schema = quoteSchema(schemaName);
    await source.inTransaction(async (client) => {
      await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      const { rows } = await client.query<{ tables: string }>(
        `SELECT string_agg(format('%I.%I', schemaname, tablename), ', ' ORDER BY tablename) AS tables
           FROM pg_tables WHERE schemaname = $1`,
        [schemaName],
      );
      await client.query(`LOCK TABLE ${rows[0]!.tables} IN EXCLUSIVE MODE`);
      await client.query(`REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} FROM ${schema}`);
    });
  }

  /** Nobody writes to either side, so each page may be a transaction of its own. */
  private async copy(tenant: Tenant, from: string, to: string): Promise<void> {
    const { context } = this.parts;
    const binding = { ...bindingOf(tenant), readOnly: false };
    await context.run({ ...binding, database: to }, async () => {
      const onTarget = AsyncLocalStorage.snapshot();
      await context.run({ ...binding, database: from }, async () => {
        for (const { name } of this.tables.list()) {
          for await (const lines of this.tables.lines(name))
            await onTarget(() => this.tables.insert(name, lines));
          const [before, after] = [
            await this.tables.count(name),
            await onTarget(() => this.tables.count(name)),
          ];
          if (before !== after) throw new Error(`${name} has ${before} rows, and ${after} arrived`);
        }
      });
    });
  }

  /** Removes the copy that does not count, if there is one. Throws UnavailableError while its database is away. */
  private async clear(tenant: Tenant): Promise<Tenant> {
    const { id, schemaName, staleCopyOn } = tenant;
    if (staleCopyOn === null) return tenant;
    await (await this.parts.databases.at(staleCopyOn)).dropSchema(schemaName);
    return this.record(id, { staleCopyOn: null });
  }

  private async record(
    id: string,
    change: Partial<Pick<Tenant, 'database' | 'staleCopyOn' | 'fingerprint'>>,
  ): Promise<Tenant> {
    const { registry, context, directory } = this.parts;
    const saved = await registry.transaction(async (manager) => {
      const row = await manager.findOne(Tenant, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!row) throw new NotFoundError();
      const before = { ...row };
      const after = await manager.save(Object.assign(row, change));
      if (change.database !== undefined)
        await context.changes.tell({ kind: 'updated', table: 'tenant', id, before, after: { ...after } });
      return after;
    });
    directory.forget(saved);
    return saved;
  }

  private async read(id: string): Promise<Tenant> {
    const tenant = await this.parts.registry.getRepository(Tenant).findOneBy({ id });
    if (!tenant) throw new NotFoundError();
    return tenant;
  }
}

async function reopenForWriting(source: OwnerDatabase, schemaName: string): Promise<void> {
  await source.inTransaction(async (client) => {
    await client.query(grantToTenant(schemaName, await tablesOf(client, schemaName)));
  });
}
