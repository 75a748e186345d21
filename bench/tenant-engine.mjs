/** What bench/tenants.mjs measures: the tenancy engine of `dist`, and the same by hand on a database beside it. */
import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { URLSearchParams } from 'node:url';
import pg from 'pg';
import { ROOT } from './server.mjs';

const require = createRequire(import.meta.url);
/** What the build made of src/`path`; the built code is CommonJS. */
const built = (path) => require(join(ROOT, 'dist', path));

export const { startEmbeddedPostgres, connectToRunning } = built(
  'src/platform/database/embedded-postgres.js',
);
const { registryMigrations } = built('migrations/platform/all.js');
const { tenantMigrations } = built('migrations/tenant/all.js');
export const { bindingOf, TenantDirectory } = built('src/platform/tenancy/registry/tenant-directory.js');
const { FleetMigrator } = built('src/platform/tenancy/fleet/fleet-migrator.js');
const { FleetRegistry } = built('src/platform/tenancy/fleet/fleet-registry.js');
const { grantToTenant, openSchema } = built('src/platform/tenancy/owner/tenant-blueprint.js');
const { newSchemaName } = built('src/platform/tenancy/tenant-schema.js');
const { OwnerDatabase } = built('src/platform/tenancy/owner/owner-database.js');
const { NamedStatements } = built('src/platform/tenancy/binding/named-statements.js');
const { RoleBinder } = built('src/platform/tenancy/binding/tenant-binder.js');
const { TenantContext } = built('src/platform/tenancy/tenant-context.js');
const { TenantLifecycle } = built('src/platform/tenancy/registry/tenant-lifecycle.js');
const { TenantModel } = built('src/platform/tenancy/tenant-data-source.js');
const { TenantPool } = built('src/platform/tenancy/binding/tenant-pool.js');
const { PasswordHasher } = built('src/platform/auth/passwords/password-hasher.js');
export const { Vendor } = built('src/features/vendors/vendor.entity.js');
// After the entities of the registry, which it looks for.
built('src/app.module.js');
const { Registry } = built('src/platform/tenancy/registry/registry.js');

/** The defaults of the server. */
export const POOL_SIZE = 16;
const LIMITS = { statementMs: 5000, lockMs: 2000, idleInTransactionMs: 10_000, transactionMs: 30_000 };

/** A migration of tenants made up for the bench. */
export function stepOf(number, sql) {
  const migration = class {
    async up(runner) {
      await runner.query(sql);
    }
  };
  Object.defineProperty(migration, 'name', { value: `Step${1_799_000_000_000 + number}` });
  return migration;
}

/** As the server does unless told. */
const NAMED_STATEMENTS = 256;

/** The engine as one process has it, with these migrations of tenants after the real ones. */
export async function openEngine(connection, masterKey, steps = [], names = NAMED_STATEMENTS) {
  const owner = await OwnerDatabase.open({
    connection,
    masterKey,
    registryMigrations,
    tenantMigrations: [...tenantMigrations, ...steps],
  });
  const registry = await new Registry(owner.login(owner.roles.registry, LIMITS)).initialize();
  const pool = new TenantPool({
    logins: owner.roles.logins.map((login) => owner.login(login, LIMITS)),
    binder: new RoleBinder(new NamedStatements(names)),
    size: POOL_SIZE,
    waitTimeoutMs: 3000,
    maxUses: 5000,
    maxAgeSeconds: 1800,
  });
  const context = new TenantContext(await TenantModel.build([Vendor], owner.serverVersion), pool);
  return {
    owner,
    pool,
    context,
    lifecycle: new TenantLifecycle(registry, owner, new TenantDirectory(registry), context),
    migrator: new FleetMigrator(new FleetRegistry(registry, owner), owner),
    async end() {
      await pool.end();
      await registry.destroy();
      await owner.end();
    },
  };
}

/** The hash of a password as the server with this master key keeps it. */
export async function hashOf(password, masterKey) {
  const hasher = new PasswordHasher({ bcryptCost: 4 }, masterKey);
  try {
    return await hasher.hash(password);
  } finally {
    await hasher.onApplicationShutdown();
  }
}

/**
 * A database of its own in the same cluster, whose schemas are made by hand: as many as there are tenants, so that both
 * catalogs are of one size.
 */
export class ByHand {
  schemas = [];

  static async open(connection, owner, parallel) {
    const cluster = new pg.Client(connection);
    await cluster.connect();
    await cluster.query('CREATE DATABASE by_hand');
    for (let n = 0; n < 4; n++) await cluster.query(`CREATE ROLE by_hand_login_${n} LOGIN NOINHERIT`);
    await cluster.end();
    const hand = new ByHand();
    await hand.connect(connection, parallel);
    hand.tenantOwner = owner.roles.tenantOwner;
    hand.serverVersion = owner.serverVersion;
    const blueprint = await owner.blueprint();
    // The very statements that make a tenant, with the schema of the template in them.
    hand.template = blueprint.template;
    hand.tables = blueprint.tables;
    hand.statements = blueprint.statements.map(({ sql }) => sql).join(';\n');
    return hand;
  }

  /** Also to the server that was started again. */
  async connect(connection, parallel = 1) {
    this.clients = Array.from(
      { length: parallel },
      () => new pg.Client({ ...connection, database: 'by_hand' }),
    );
    for (const client of this.clients) await client.connect();
  }

  /** One message with all statements for each. */
  async make(count) {
    let left = count;
    const work = async (client) => {
      while (left-- > 0) {
        const name = newSchemaName();
        const opened = openSchema(
          name,
          this.tenantOwner,
          this.serverVersion,
          `by_hand_login_${this.schemas.length % 4}`,
        );
        const tables = this.statements.replaceAll(this.template, name);
        await client.query(
          `BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL client_min_messages = warning; ${opened} ${tables}; ${grantToTenant(name, this.tables)} COMMIT`,
        );
        this.schemas.push(name);
      }
    };
    await Promise.all(this.clients.map(work));
  }

  /** In one session, one statement after the other. */
  async addColumn(column) {
    for (const name of this.schemas)
      await this.clients[0].query(`ALTER TABLE "${name}".vendor ADD COLUMN ${column} text`);
  }

  async end() {
    for (const client of this.clients) await client.end();
  }
}

export const newMasterKey = () => Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(32)));

/** How a further server reaches the PostgreSQL of this folder while another process owns it. */
export async function asDatabaseUrl(dataDir) {
  const { host, port, user, password, database } = (await connectToRunning(dataDir)).connection;
  const place = new URLSearchParams({ host, port: String(port) });
  return { DATABASE_URL: `postgres://${user}:${password}@localhost/${database}?${place}` };
}

/** Of the database with the tenants, in bytes. */
export async function databaseSize(connection) {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query('SELECT pg_database_size(current_database()) AS bytes');
    return Number(rows[0].bytes);
  } finally {
    await client.end();
  }
}
