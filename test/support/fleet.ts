import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { registryMigrations } from '../../migrations/platform/all.js';
import { tenantMigrations } from '../../migrations/tenant/all.js';
import { Vendor } from '../../src/features/vendors/vendor.entity.js';
import { FleetMigrator } from '../../src/platform/tenancy/fleet/fleet-migrator.js';
import { FleetRegistry } from '../../src/platform/tenancy/fleet/fleet-registry.js';
import type { MigrationClass } from '../../src/platform/tenancy/owner/migration-runner.js';
import { OwnerDatabase } from '../../src/platform/tenancy/owner/owner-database.js';
import { Registry } from '../../src/platform/tenancy/registry/registry.js';
import { TenantContext } from '../../src/platform/tenancy/tenant-context.js';
import { TenantModel } from '../../src/platform/tenancy/tenant-data-source.js';
import { TenantDirectory } from '../../src/platform/tenancy/registry/tenant-directory.js';
import type { Tenant } from '../../src/platform/tenancy/registry/tenant.entity.js';
import { TenantLifecycle } from '../../src/platform/tenancy/registry/tenant-lifecycle.js';
import { RoleBinder } from '../../src/platform/tenancy/binding/tenant-binder.js';
import { TenantPool } from '../../src/platform/tenancy/binding/tenant-pool.js';
import { sharedDatabase } from './database.js';

const LIMITS = { statementMs: 5000, lockMs: 2000, idleInTransactionMs: 5000 };
const PARALLEL = 4;
const FIRST_TIMESTAMP = 1_795_000_000_000;

/** What one version of the program would hold of the fleet. */
export interface Program {
  owner: OwnerDatabase;
  registry: Registry;
  lifecycle: TenantLifecycle;
  migrator: FleetMigrator;
}

/** A migration of tenants made up by a test. */
export interface Step {
  name: string;
  statements: string[];
}

function migrationOf({ name, statements }: Step): MigrationClass {
  const migration = class implements MigrationInterface {
    async up(runner: QueryRunner): Promise<void> {
      for (const sql of statements) await runner.query(sql);
    }
    async down(): Promise<void> {
      // No test goes back.
    }
  };
  Object.defineProperty(migration, 'name', { value: name });
  return migration;
}

/** A database of its own in the shared cluster, whose tenants may be given migrations of the test's own. */
export class Fleet {
  private readonly programs: Program[] = [];
  private readonly pools: TenantPool[] = [];
  readonly steps: Step[] = [];

  private constructor(
    readonly database: string,
    readonly url: string,
    readonly masterKey: Buffer,
    private readonly cluster: Client,
    readonly client: Client,
    readonly connection: { host: string; database: string },
  ) {}

  static async open(): Promise<Fleet> {
    const { connection, masterKey, url } = await sharedDatabase();
    const database = `fleet_${randomBytes(4).toString('hex')}`;
    const cluster = new Client(connection);
    await cluster.connect();
    await cluster.query(`CREATE DATABASE ${database}`);
    const own = { ...connection, database };
    const client = new Client(own);
    client.on('error', () => undefined);
    await client.connect();
    // The server wants a host in the address; the socket named in the query goes before it.
    const ownUrl = url.replace(`@/${connection.database}?`, `@localhost/${database}?`);
    return new Fleet(database, ownUrl, masterKey, cluster, client, own);
  }

  /** A program whose tenants have, besides the real migrations, all steps so far and one more of these statements. */
  async release(...statements: string[]): Promise<Program> {
    const name = `Step${FIRST_TIMESTAMP + this.steps.length}`;
    if (statements.length > 0) this.steps.push({ name, statements });
    const owner = await OwnerDatabase.open({
      connection: this.connection,
      masterKey: this.masterKey,
      registryMigrations,
      tenantMigrations: [...tenantMigrations, ...this.steps.map(migrationOf)],
    });
    const registry = await new Registry(owner.login(owner.roles.registry, LIMITS)).initialize();
    const logins = owner.roles.logins.map((login) => owner.login(login, LIMITS));
    const pool = new TenantPool({
      logins,
      binder: new RoleBinder(),
      size: 4,
      waitTimeoutMs: 3000,
      maxUses: 5000,
      maxAgeSeconds: 1800,
    });
    const context = new TenantContext(await TenantModel.build([Vendor], owner.serverVersion), pool);
    const program = {
      owner,
      registry,
      lifecycle: new TenantLifecycle(registry, owner, new TenantDirectory(registry), context),
      migrator: new FleetMigrator(new FleetRegistry(registry, owner), owner),
    };
    this.pools.push(pool);
    this.programs.push(program);
    return program;
  }

  /** Nothing shall be asked again of a migration that failed. */
  withdraw(): void {
    this.steps.pop();
  }

  async tenants({ lifecycle }: Program, count: number, prefix = 'tenant'): Promise<Tenant[]> {
    const made: Tenant[] = [];
    const slugs = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
    const work = async (): Promise<void> => {
      for (let slug; (slug = slugs.shift()) !== undefined;) {
        const { tenant } = await lifecycle.create({ slug, name: slug }, () => Promise.resolve());
        made.push(tenant);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    return made;
  }

  /** The schemas of tenants that have this column in `vendor`. */
  async schemasWith(column: string): Promise<string[]> {
    const { rows } = await this.client.query<{ name: string }>(
      `SELECT n.nspname::text AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relname = 'vendor' AND a.attname = $1 ORDER BY 1`,
      [column],
    );
    return rows.map(({ name }) => name);
  }

  /** What there is in the database, and in the cluster under one of these names, that only tenants have. */
  async leftovers(names: string[]): Promise<{ schemas: number; roles: number; memberships: number }> {
    const { rows } = await this.client.query<{ schemas: number; roles: number; memberships: number }>(
      `SELECT (SELECT count(*)::int FROM pg_namespace WHERE nspname ~ '^t_') AS schemas,
              (SELECT count(*)::int FROM pg_roles WHERE rolname = ANY ($2)) AS roles,
              (SELECT count(*)::int FROM pg_auth_members m JOIN pg_roles l ON l.oid = m.member
                WHERE starts_with(l.rolname, $1)) AS memberships`,
      [`${this.database}_login_`, names],
    );
    return rows[0]!;
  }

  /** Ends all programs so far: the cluster's connections are shared with every other test. */
  async retire(): Promise<void> {
    for (const pool of this.pools.splice(0)) await pool.end();
    for (const { registry, owner } of this.programs.splice(0)) {
      await registry.destroy();
      await owner.end();
    }
  }

  async close(): Promise<void> {
    await this.retire();
    const { rows: tenants } = await this.client.query<{ name: string }>(
      `SELECT schema_name AS name FROM platform.tenant WHERE status <> 'deleted'
       UNION SELECT nspname FROM pg_namespace WHERE nspname ~ '^t_'`,
    );
    await this.client.end();
    await this.cluster.query(`DROP DATABASE ${this.database} WITH (FORCE)`);
    const { rows: roles } = await this.cluster.query<{ name: string }>(
      'SELECT rolname::text AS name FROM pg_roles WHERE rolname LIKE $1 OR rolname = ANY ($2)',
      [`${this.database}\\_%`, tenants.map(({ name }) => name)],
    );
    for (const { name } of roles) await this.cluster.query(`DROP ROLE "${name}"`);
    await this.cluster.end();
  }
}
