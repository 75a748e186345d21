import { Pool, type PoolClient, type PoolConfig, type QueryResultRow } from 'pg';
import { runMigrations } from './migration-runner.js';
import { loginPassword, prepareDatabase, type RoleNames } from './database-roles.js';
import { sessionSettings, type SessionLimits } from '../binding/session-settings.js';
import { fingerprintMethod, readCatalog, type SchemaCatalog } from './tenant-catalog.js';
import { createSchema, createShard } from './schema-creation.js';
import { enterSchema, TenantBlueprint } from './tenant-blueprint.js';
import { keepAppendOnly, removePrefix } from './append-only.js';
import { TenantMigration, type MigratedSchema } from './tenant-migration.js';
import { databaseAway, PUBLISH } from './further-database.js';
import type { OwnerOptions } from './owner-options.js';
import { shardSchemas } from './citus.js';
import { hasNoRows } from './schema-contents.js';
import { MAIN_DATABASE } from '../../config/environment.js';
import { quoteSchema } from '../tenant-schema.js';

export const REGISTRY_SCHEMA = 'platform';
/** Provisioning and migrations only, so few; opened when needed. */
export const OWNER_CONNECTIONS = 8;

/** The databases on which tenants live, as their owner. */
export interface OwnerDatabases {
  /** Name of the migration that a tenant's schema must have had to be up to date. */
  readonly latestTenantMigration: string;
  /** By which rules the fingerprints of schemas beside the registry are taken. */
  readonly fingerprintMethod: string;
  /** Names of all that are configured, whether they are there or away; the registry's own is first. */
  readonly databases: readonly string[];
  /** Throws UnavailableError while it is away, or is not configured any more. */
  at(database: string): Promise<OwnerDatabase>;
}

/**
 * What needs the rights of the database's owner: preparing it, making, migrating and dropping the schemas of tenants.
 * No request reads or writes through it.
 */
export class OwnerDatabase implements OwnerDatabases {
  private drawn: Promise<TenantBlueprint> | undefined;

  private constructor(
    private readonly pool: Pool,
    private readonly options: OwnerOptions,
    readonly roles: RoleNames,
    /** As `18.4`. */
    readonly serverVersion: string,
  ) {}

  /** Connects, prepares the database and brings the registry's tables up to date. */
  static async open(options: OwnerOptions): Promise<OwnerDatabase> {
    const pool = new Pool({ ...options.connection, max: OWNER_CONNECTIONS, connectionTimeoutMillis: 10_000 });
    pool.on('error', () => undefined);
    const client = await pool.connect();
    try {
      await options.further?.admit(client);
      const roles = await prepareDatabase(client, options.connection, options.masterKey, options.isCitus);
      const { rows } = await client.query<{ version: string }>(
        `SELECT split_part(current_setting('server_version'), ' ', 1) AS version`,
      );
      const owner = new OwnerDatabase(pool, options, roles, rows[0]!.version);
      if (options.further) return owner;
      await owner.transaction(client, async () => {
        if (options.isCitus) await client.query(shardSchemas(false));
        await client.query(`SET LOCAL search_path = ${REGISTRY_SCHEMA}`);
        await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [REGISTRY_SCHEMA]);
        await runMigrations(client, REGISTRY_SCHEMA, owner.serverVersion, options.registryMigrations);
        await client.query(keepAppendOnly(REGISTRY_SCHEMA, `"${roles.registry}"`));
      });
      return owner;
    } finally {
      client.release();
    }
  }

  /** `main`, or the name under which it is configured. */
  get name(): string {
    return this.options.further?.name ?? MAIN_DATABASE;
  }

  get databases(): readonly string[] {
    return [this.name];
  }

  at(database: string): Promise<OwnerDatabase> {
    return database === this.name ? Promise.resolve(this) : Promise.reject(databaseAway(database));
  }

  /** Name of the migration that a tenant's schema must have had to be up to date. */
  get latestTenantMigration(): string {
    return this.options.tenantMigrations.at(-1)!.name;
  }

  /** How one of the server's own logins connects: with an empty search_path and the given limits. */
  login(role: string, limits: SessionLimits): PoolConfig {
    return {
      ...this.options.connection,
      user: role,
      password: loginPassword(this.options.masterKey, role),
      application_name: role,
      keepAlive: true,
      options: Object.entries(sessionSettings(limits, this.serverVersion))
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    };
  }

  /** Asks or orders something as the owner, with one statement. */
  async query<R extends QueryResultRow>(sql: string, values: unknown[] = []): Promise<R[]> {
    return (await this.pool.query<R>(sql, values)).rows;
  }

  /** By which rules the fingerprints of schemas are taken on this server. */
  get fingerprintMethod(): string {
    const method = fingerprintMethod(this.serverVersion);
    // Roles are named after their database, so that catalogs compare within one alone.
    return this.isMain ? method : `${method}/${this.name}`;
  }

  /** What a tenant's schema must be. Drawn once, when first needed, and published in the registry. */
  blueprint(): Promise<TenantBlueprint> {
    this.drawn ??= this.drawBlueprint().catch((error: unknown) => {
      this.drawn = undefined;
      throw error;
    });
    return this.drawn;
  }

  /** Makes the tenant's role and its schema with all tables; all of it or nothing remains. */
  async createSchema(schemaName: string, loginShard: number): Promise<void> {
    const login = this.roles.logins[loginShard];
    if (login === undefined) throw new Error('no such login shard');
    const { serverVersion, isMain } = this;
    const { tenantOwner } = this.roles;
    const parts = { schemaName, login, tenantOwner, serverVersion, blueprint: await this.blueprint() };
    if (!this.options.isCitus) return this.inTransaction((client) => createSchema(client, parts, isMain));
    return createShard(this, parts);
  }

  /**
   * Brings the tables of one tenant, believed to be at `version`, up to date in one transaction; answers what it ran and
   * when. Throws SchemaDriftError, and changes nothing, when the outcome is not what the migrations make of an empty
   * schema. The disk is not waited for: see `settle`.
   */
  async migrateTenant(schemaName: string, version?: string): Promise<MigratedSchema> {
    const migration = new TenantMigration({
      blueprint: await this.blueprint(),
      tenantOwner: this.roles.tenantOwner,
      serverVersion: this.serverVersion,
      migrations: this.options.tenantMigrations,
      isCitus: this.options.isCitus,
    });
    return this.withClient((client) => migration.run(client, schemaName, version));
  }

  /** Waits until all that was committed here before is on the disk, by writing something after it. */
  async settle(): Promise<void> {
    await this.pool.query(`SELECT pg_logical_emit_message(true, 'ringfence', '')`);
  }

  /** What the catalog says of a tenant's schema now. */
  async catalogOf(schemaName: string): Promise<SchemaCatalog> {
    return this.withClient((client) => this.transaction(client, () => readCatalog(client, schemaName)));
  }

  /** Drops the tenant's schema with all in it, and its role. Nothing to drop is no error. */
  async dropSchema(schemaName: string): Promise<void> {
    const schema = quoteSchema(schemaName);
    await this.inTransaction(async (client) => {
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [schemaName]);
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await client.query(`DROP ROLE IF EXISTS ${schema}`);
    });
  }

  /** Whether no table of the schema has a row; the ledger of migrations aside. True for a schema that is not there. */
  async isEmpty(schemaName: string): Promise<boolean> {
    return this.inTransaction(async (client) => {
      await client.query(enterSchema(schemaName, this.roles.tenantOwner));
      return hasNoRows(client, schemaName);
    });
  }

  /** As whom the contents of two schemas are exchanged; as the owner itself when undefined. */
  get swappingRole(): string | undefined {
    return this.options.isCitus ? undefined : this.roles.tenantOwner;
  }

  /** Removes the oldest entries of an audit log, up to that place of its chain; `schemaName` is null for the platform's. */
  async pruneHistory(schemaName: string | null, sequence: number): Promise<number> {
    return this.inTransaction((client) => removePrefix(client, schemaName, sequence));
  }

  /** Work that needs the owner's rights, in one transaction. */
  async inTransaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.withClient((client) => this.transaction(client, () => work(client)));
  }

  async end(): Promise<void> {
    await this.pool.end();
  }

  private async drawBlueprint(): Promise<TenantBlueprint> {
    return this.withClient(async (client) => {
      await client.query('BEGIN');
      if (this.options.isCitus)
        await client.query(`${shardSchemas(false)} SET LOCAL citus.enable_ddl_propagation = off`);
      const { tenantOwner } = this.roles;
      const blueprint = await TenantBlueprint.draw(
        client,
        tenantOwner,
        this.serverVersion,
        this.options.tenantMigrations,
      ).finally(() => client.query('ROLLBACK'));
      const { latestTenantMigration, fingerprintMethod: method } = this;
      const template = [latestTenantMigration, method, blueprint.fingerprint] as const;
      if (this.options.further) await this.options.further.publish(template);
      else await client.query(PUBLISH, [...template]);
      return blueprint;
    });
  }

  private get isMain(): boolean {
    return this.options.further === undefined;
  }

  private async withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      return await work(client);
    } finally {
      client.release(client.getTransactionStatus() !== 'I');
    }
  }

  private async transaction<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
    try {
      await client.query('BEGIN');
      const result = await work();
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    }
  }
}
