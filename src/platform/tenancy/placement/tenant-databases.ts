import { Logger } from '@nestjs/common';
import { connectionFromUrl, type DatabaseConnection } from '../../database/database-connection.js';
import { ServerLogins } from '../binding/server-logins.js';
import type { TenantConnection } from '../binding/tenant-connection.js';
import type { TenantConnections } from '../binding/tenant-pool.js';
import type { Release } from '../binding/tenant-slot.js';
import { DatabaseSetupError } from '../owner/database-setup-error.js';
import { databaseAway, PUBLISH } from '../owner/further-database.js';
import { OwnerDatabase, type OwnerDatabases } from '../owner/owner-database.js';
import type { TenantBinding } from '../tenant-binding.js';
import { assertOurs, entryOf, markAsOurs } from './enlistment.js';
import { Reopening } from './reopening.js';
import {
  awayOf,
  REOPEN_AFTER_MS,
  shareOfPool,
  type ServedDatabase,
  type ServingOptions,
} from './served-database.js';

export interface TenantDatabasesOptions extends ServingOptions {
  main: ServedDatabase;
}

/**
 * All databases on which tenants live: the registry's own, and further ones. Each has logins, roles, doors and a pool
 * of its own. One that is away costs its own tenants a 503 and is tried again; the others do not notice.
 */
export class TenantDatabases implements OwnerDatabases, TenantConnections {
  readonly databases: readonly string[];
  private readonly further = new Map<string, Reopening<ServedDatabase>>();
  private readonly logger = new Logger('Placement');

  private constructor(private readonly options: TenantDatabasesOptions) {
    const { config, main } = options;
    for (const [name, url] of Object.entries(config.tenantDatabases))
      this.further.set(name, new Reopening(() => this.open(name, url), REOPEN_AFTER_MS));
    this.databases = [main.owner.name, ...this.further.keys()];
  }

  /** Opens all that answer. Throws DatabaseSetupError for one that answers but must not be used. */
  static async open(options: TenantDatabasesOptions): Promise<TenantDatabases> {
    const opened = new TenantDatabases(options);
    await Promise.all(
      [...opened.further.values()].map((database) =>
        database.get().catch((error: unknown) => {
          if (error instanceof DatabaseSetupError) throw error;
        }),
      ),
    );
    return opened;
  }

  get latestTenantMigration(): string {
    return this.options.main.owner.latestTenantMigration;
  }

  get fingerprintMethod(): string {
    return this.options.main.owner.fingerprintMethod;
  }

  async at(name: string): Promise<OwnerDatabase> {
    return (await this.served(name)).owner;
  }

  announcersOf(database: string): readonly string[] {
    const { owner, tenants } = this.options.main;
    return [owner.name, ...(database === owner.name ? (tenants.announcersOf?.(database) ?? []) : [database])];
  }

  async lease(binding: TenantBinding, signal?: AbortSignal): Promise<[TenantConnection, Release]> {
    const { tenants } = await this.served(binding.database ?? this.options.main.owner.name);
    return tenants.lease(binding, signal);
  }

  /** Which of the further databases, or nodes of the cluster, do not answer just now. */
  async away(): Promise<string[]> {
    const [nodes, further] = await Promise.all([
      this.options.main.tenants.away?.() ?? [],
      awayOf(this.further.keys(), (name) => this.at(name)),
    ]);
    return [...nodes, ...further];
  }

  /** All connections; the owner of the registry's database is ended by whoever opened it. */
  async end(): Promise<void> {
    await this.options.main.tenants.end();
    for (const database of this.further.values()) {
      await database.settled();
      await database.current?.tenants.end();
      await database.current?.owner.end();
    }
  }

  private async served(name: string): Promise<ServedDatabase> {
    const { main } = this.options;
    if (name === main.owner.name) return main;
    const database = this.further.get(name);
    if (!database) throw databaseAway(name);
    try {
      return await database.get();
    } catch (cause) {
      throw databaseAway(name, cause);
    }
  }

  private async open(name: string, url: string): Promise<ServedDatabase> {
    try {
      const served = await this.openKnown(name, url);
      this.logger.log(`the tenant database ${name} is open`);
      return served;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn(`the tenant database ${name} is away, and its tenants get 503: ${reason}`);
      throw error;
    }
  }

  private async openKnown(name: string, url: string): Promise<ServedDatabase> {
    const { main, common, config, limits, poolFor, onOpen } = this.options;
    const entry = await entryOf(main.owner, name);
    const owner = await OwnerDatabase.open({
      ...common,
      connection: connectionOf(name, url),
      further: {
        name,
        admit: (client) => assertOurs(client, name, entry),
        publish: async (template) => {
          await main.owner.query(PUBLISH, [...template]);
        },
      },
    });
    try {
      await markAsOurs(owner, entry);
      await main.owner.query('UPDATE platform.tenant_database SET fingerprint_method = $2 WHERE name = $1', [
        name,
        owner.fingerprintMethod,
      ]);
      const size = shareOfPool(config.dbPoolSize, this.databases.length, this.databases.indexOf(name));
      const logins = await ServerLogins.open(owner, { ...config, dbPoolSize: size }, limits);
      onOpen(name, logins);
      return { owner, tenants: poolFor(logins, size) };
    } catch (error) {
      await owner.end();
      throw error;
    }
  }
}

function connectionOf(name: string, url: string): DatabaseConnection {
  try {
    return connectionFromUrl(url);
  } catch {
    throw new DatabaseSetupError(`TENANT_DATABASES: the URL of ${name} must name the user and the database`);
  }
}
