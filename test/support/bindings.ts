import { Vendor } from '../../src/features/vendors/vendor.entity.js';
import type { TenantBinding } from '../../src/platform/tenancy/tenant-binding.js';
import { openEngine, type Engine, type EngineMode } from './engine.js';
import { hasPgbouncer } from './pgbouncer.js';
import { hasSetUser } from './set-user-postgres.js';

const isInCi = process.env.CI === 'true';

/** What every fact about the binding is tried in. On a machine of one's own Debian's packages may be absent, never in CI. */
export const BINDING_MODES: readonly EngineMode[] = [
  'role',
  'transaction',
  ...(isInCi || hasPgbouncer() ? (['transaction behind pgbouncer'] as const) : []),
  ...(isInCi || hasSetUser() ? (['set_user'] as const) : []),
];

/** Two tenants with a vendor each, and what is done with them again and again. */
export class Neighbours {
  private constructor(
    readonly engine: Engine,
    readonly a: TenantBinding,
    readonly b: TenantBinding,
  ) {}

  static async open(mode: EngineMode): Promise<Neighbours> {
    const engine = await openEngine(mode);
    // Both on one login shard, where a hop from one role to the other is possible at all.
    const neighbours = new Neighbours(engine, await engine.newTenant(0), await engine.newTenant(0));
    await neighbours.as(neighbours.a, () => neighbours.addVendor('belongs to a'));
    await neighbours.as(neighbours.b, () => neighbours.addVendor('belongs to b'));
    return neighbours;
  }

  as<T>(tenant: TenantBinding, work: () => Promise<T>): Promise<T> {
    return this.engine.context.run(tenant, work);
  }

  /** Sends SQL as the tenant would; the placeholder stands for its schema. */
  sql<T = unknown>(tenant: TenantBinding, sql: string): Promise<T[]> {
    return this.as(tenant, () => this.engine.context.manager.query<T[]>(sql));
  }

  async addVendor(name: string): Promise<void> {
    await this.engine.context.manager.getRepository(Vendor).insert({
      id: crypto.randomUUID(),
      name,
      contactEmail: 'x@example.com',
      status: 'active',
      tags: [],
      version: 1,
    });
  }

  async names(): Promise<string[]> {
    const vendors = await this.engine.context.manager.getRepository(Vendor).find();
    return vendors.map(({ name }) => name).sort();
  }

  /** What runs in PostgreSQL just now with this mark in its text. */
  async running(mark: string): Promise<number> {
    const { rows } = await this.engine.ownerClient.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
        WHERE state = 'active' AND pid <> pg_backend_pid() AND position($1 IN query) > 0`,
      [mark],
    );
    return rows[0]!.count;
  }

  end(): Promise<void> {
    return this.engine.end();
  }
}

/** The SQLSTATE with which the work failed. */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
