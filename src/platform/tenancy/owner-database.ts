import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { runMigrations, type MigrationClass } from './migration-runner.js';
import { loginPassword, prepareDatabase, type RoleNames } from './database-roles.js';
import { quoteSchema } from './tenant-schema.js';

export const REGISTRY_SCHEMA = 'platform';
/** Provisioning and migrations only, so few. */
const OWNER_CONNECTIONS = 2;

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

  /** How one of the server's own logins connects: with an empty search_path and the given limits, in milliseconds. */
  login(
    role: string,
    limits: { statementMs: number; lockMs: number; idleInTransactionMs: number },
  ): PoolConfig {
    const settings = {
      search_path: '',
      statement_timeout: limits.statementMs,
      lock_timeout: limits.lockMs,
      idle_in_transaction_session_timeout: limits.idleInTransactionMs,
    };
    return {
      ...this.options.connection,
      user: role,
      password: loginPassword(this.options.masterKey, role),
      application_name: role,
      keepAlive: true,
      options: Object.entries(settings)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    };
  }

  /** Makes the tenant's role and its schema with all tables, in one transaction. */
  async createSchema(schemaName: string, loginShard: number): Promise<void> {
    const schema = quoteSchema(schemaName);
    const login = this.roles.logins[loginShard];
    if (login === undefined) throw new Error('no such login shard');
    await this.withClient((client) =>
      this.transaction(client, async () => {
        await client.query(`CREATE ROLE ${schema} NOLOGIN NOINHERIT`);
        await client.query(`GRANT ${schema} TO "${login}" WITH INHERIT FALSE, SET TRUE, ADMIN FALSE`);
        await client.query(`CREATE SCHEMA ${schema} AUTHORIZATION "${this.roles.tenantOwner}"`);
        await this.migrateSchema(client, schemaName);
      }),
    );
  }

  /** Brings the tables of one tenant up to date, in one transaction; returns the names of the migrations it ran. */
  async migrateTenant(schemaName: string): Promise<string[]> {
    return this.withClient((client) =>
      this.transaction(client, () => this.migrateSchema(client, schemaName)),
    );
  }

  /** Drops the tenant's schema with all in it, and its role. Nothing to drop is no error. */
  async dropSchema(schemaName: string): Promise<void> {
    const schema = quoteSchema(schemaName);
    await this.withClient((client) =>
      this.transaction(client, async () => {
        await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
        await client.query(`DROP ROLE IF EXISTS ${schema}`);
      }),
    );
  }

  /** Work that needs the owner's rights, in one transaction. */
  async inTransaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.withClient((client) => this.transaction(client, () => work(client)));
  }

  async end(): Promise<void> {
    await this.pool.end();
  }

  private async migrateSchema(client: PoolClient, schemaName: string): Promise<string[]> {
    const schema = quoteSchema(schemaName);
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [schemaName]);
    await client.query(`SET LOCAL ROLE "${this.roles.tenantOwner}"`);
    await client.query(`SET LOCAL search_path = ${schema}`);
    const done = await runMigrations(client, schemaName, this.serverVersion, this.options.tenantMigrations);
    await client.query(`GRANT USAGE ON SCHEMA ${schema} TO ${schema}`);
    await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${schema}`);
    await client.query(`REVOKE ALL ON TABLE ${schema}.migration FROM ${schema}`);
    return done;
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
    await client.query('BEGIN');
    try {
      const result = await work();
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    }
  }
}
