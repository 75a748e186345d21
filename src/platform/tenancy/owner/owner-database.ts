import { escapeIdentifier, Pool, type PoolClient, type PoolConfig, type QueryResultRow } from 'pg';
import { runMigrations, type MigrationClass } from './migration-runner.js';
import { loginPassword, prepareDatabase, type RoleNames } from './database-roles.js';
import { sessionSettings, type SessionLimits } from '../binding/session-settings.js';
import { fingerprintMethod, readCatalog, tablesOf, type SchemaCatalog } from './tenant-catalog.js';
import { keepAppendOnly, removePrefix } from './append-only.js';
import { enterSchema, openSchema, TenantBlueprint } from './tenant-blueprint.js';
import { TenantMigration, type MigratedSchema } from './tenant-migration.js';
import { quoteSchema } from '../tenant-schema.js';

export const REGISTRY_SCHEMA = 'platform';
/** Provisioning and migrations only, so few; opened when needed. */
export const OWNER_CONNECTIONS = 8;

export interface OwnerOptions {
  connection: PoolConfig & { database: string };
  masterKey: Buffer;
  registryMigrations: readonly MigrationClass[];
  tenantMigrations: readonly MigrationClass[];
}

/**
 * What needs the rights of the database's owner: preparing it, making, migrating and dropping the schemas of tenants.
 * No request reads or writes through it.
 */
export class OwnerDatabase {
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
      const roles = await prepareDatabase(client, options.connection, options.masterKey);
      const { rows } = await client.query<{ version: string }>(
        `SELECT split_part(current_setting('server_version'), ' ', 1) AS version`,
      );
      const owner = new OwnerDatabase(pool, options, roles, rows[0]!.version);
      await owner.transaction(client, async () => {
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
    return fingerprintMethod(this.serverVersion);
  }

  /** What a tenant's schema must be. Drawn once, when first needed, and published in the registry. */
  blueprint(): Promise<TenantBlueprint> {
    this.drawn ??= this.drawBlueprint().catch((error: unknown) => {
      this.drawn = undefined;
      throw error;
    });
    return this.drawn;
  }

  /**
   * Makes the tenant's role and its schema with all tables, in one transaction. It is not waited for on the disk: the
   * tenant is nobody's until the registry says that it is active, and that commit waits for all before it.
   */
  async createSchema(schemaName: string, loginShard: number): Promise<void> {
    const login = this.roles.logins[loginShard];
    if (login === undefined) throw new Error('no such login shard');
    const blueprint = await this.blueprint();
    await this.withClient((client) =>
      this.transaction(client, () =>
        blueprint.replay(
          client,
          schemaName,
          'SET LOCAL synchronous_commit = off;' +
            openSchema(schemaName, this.roles.tenantOwner, this.serverVersion, login),
        ),
      ),
    );
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
    await this.withClient((client) =>
      this.transaction(client, async () => {
        await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [schemaName]);
        await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
        await client.query(`DROP ROLE IF EXISTS ${schema}`);
      }),
    );
  }

  /** Whether no table of the schema has a row; the ledger of migrations aside. True for a schema that is not there. */
  async isEmpty(schemaName: string): Promise<boolean> {
    return this.withClient((client) =>
      this.transaction(client, async () => {
        await client.query(enterSchema(schemaName, this.roles.tenantOwner));
        const tables = await tablesOf(client, schemaName);
        if (tables.length === 0) return true;
        const filled = tables
          .map((table) => `EXISTS (SELECT FROM ${quoteSchema(schemaName)}.${escapeIdentifier(table)})`)
          .join(' OR ');
        const { rows: found } = await client.query<{ filled: boolean }>(`SELECT ${filled} AS filled`);
        return !found[0]!.filled;
      }),
    );
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
      const { tenantOwner } = this.roles;
      const blueprint = await TenantBlueprint.draw(
        client,
        tenantOwner,
        this.serverVersion,
        this.options.tenantMigrations,
      ).finally(() => client.query('ROLLBACK'));
      await client.query(
        `INSERT INTO ${REGISTRY_SCHEMA}.tenant_template AS t (schema_version, method, fingerprint) VALUES ($1, $2, $3)
         ON CONFLICT (schema_version, method) DO UPDATE SET fingerprint = excluded.fingerprint
         WHERE t.fingerprint <> excluded.fingerprint`,
        [this.latestTenantMigration, this.fingerprintMethod, blueprint.fingerprint],
      );
      return blueprint;
    });
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
