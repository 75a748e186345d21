import {
  Inject,
  Injectable,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type MiddlewareConsumer,
  type NestModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { registryMigrations } from '../../../migrations/platform/all.js';
import { tenantMigrations } from '../../../migrations/tenant/all.js';
import { CONFIG, ConfigModule, MASTER_KEY } from '../config/config.module.js';
import type { Config } from '../config/config.js';
import type { DatabaseConnection } from '../database/database-connection.js';
import { DATABASE, DatabaseModule } from '../database/database.module.js';
import { Changes } from './changes/changes.js';
import { DatabaseReadiness } from './registry/database-readiness.js';
import { FleetMigrator } from './fleet/fleet-migrator.js';
import { FleetRegistry } from './fleet/fleet-registry.js';
import { OwnerDatabase } from './owner/owner-database.js';
import { loadedEntities, Registry } from './registry/registry.js';
import { ServerLogins } from './binding/server-logins.js';
import { hangUpSignal } from './hang-up.js';
import { Placement } from './placement/placement.js';
import { CitusNodes } from './placement/citus-nodes.js';
import { shareOfPool, type ServingOptions } from './placement/served-database.js';
import { TenantDatabases } from './placement/tenant-databases.js';
import { TenantMove } from './placement/tenant-move.js';
import { TenantContext } from './tenant-context.js';
import { TenantModel } from './tenant-data-source.js';
import { TenantDirectory } from './registry/tenant-directory.js';
import { TenantLifecycle } from './registry/tenant-lifecycle.js';
import { TenantPool } from './binding/tenant-pool.js';
import { TenantRestoration } from './registry/tenant-restoration.js';
import { TenantShares } from './shares/tenant-shares.js';
import { TenantTables } from './tenant-tables.js';

const limitsOf = (config: Config) => ({
  statementMs: config.dbQueryTimeoutMs,
  lockMs: config.dbLockTimeoutMs,
  idleInTransactionMs: config.dbIdleTransactionTimeoutMs,
  transactionMs: config.dbTransactionTimeoutMs,
});

const mainShare = ({ dbPoolSize, tenantDatabases }: Config): number =>
  shareOfPool(dbPoolSize, 1 + Object.keys(tenantDatabases).length, 0);

const poolsOf =
  (config: Config) =>
  ({ tenants, binder }: ServerLogins, size: number): TenantPool =>
    new TenantPool({
      logins: tenants,
      binder,
      size,
      waitTimeoutMs: config.dbConnectTimeoutMs,
      maxUses: config.dbConnectionMaxUses,
      maxAgeSeconds: config.dbConnectionMaxAgeSeconds,
    });

const isCitus = ({ databaseEngine }: Config): boolean => databaseEngine === 'citus';
const commonTo = (masterKey: Buffer) => ({ masterKey, registryMigrations, tenantMigrations });

/** How all databases are served. */
class ServingChoices implements ServingOptions {
  constructor(
    readonly config: Config,
    readonly limits: ServingOptions['limits'],
    readonly common: ServingOptions['common'],
    readonly poolFor: ServingOptions['poolFor'],
    readonly onOpen: ServingOptions['onOpen'],
  ) {}
}

/** All that must be let go of, in the right order. */
@Injectable()
class OpenDatabases {
  constructor(
    @Inject(TenantDatabases) private readonly tenants: TenantDatabases,
    @Inject(Registry) private readonly registry: Registry,
    @Inject(OwnerDatabase) private readonly owner: OwnerDatabase,
  ) {}

  async end(): Promise<void> {
    await this.tenants.end();
    await this.registry.destroy();
    await this.owner.end();
  }
}

/** Whose data it is: the registry of tenants, and the one door to their data. */
@Module({
  imports: [ConfigModule, DatabaseModule],
  providers: [
    DatabaseReadiness,
    OpenDatabases,
    {
      provide: OwnerDatabase,
      inject: [DATABASE, MASTER_KEY, CONFIG],
      useFactory: (connection: DatabaseConnection, masterKey: Buffer, config: Config) =>
        OwnerDatabase.open({ ...commonTo(masterKey), connection, isCitus: isCitus(config) }),
    },
    {
      provide: TenantDatabases,
      inject: [DATABASE, OwnerDatabase, ServerLogins, Registry, ServingChoices],
      useFactory: async (
        coordinator: DatabaseConnection,
        owner: OwnerDatabase,
        logins: ServerLogins,
        registry: Registry,
        choices: ServingChoices,
      ) => {
        const { config, poolFor } = choices;
        const tenants = isCitus(config)
          ? await CitusNodes.open({ ...choices, coordinator, registry })
          : poolFor(logins, mainShare(config));
        return TenantDatabases.open({ ...choices, main: { owner, tenants } });
      },
    },
    {
      provide: ServingChoices,
      inject: [MASTER_KEY, CONFIG, Changes],
      useFactory: (masterKey: Buffer, config: Config, changes: Changes) =>
        new ServingChoices(
          config,
          limitsOf(config),
          commonTo(masterKey),
          poolsOf(config),
          (name, { listener }) => changes.listenTo(name, listener),
        ),
    },
    {
      provide: ServerLogins,
      inject: [OwnerDatabase, CONFIG],
      useFactory: (owner: OwnerDatabase, config: Config) =>
        ServerLogins.open(owner, { ...config, dbPoolSize: mainShare(config) }, limitsOf(config)),
    },
    {
      provide: Changes,
      inject: [ServerLogins],
      useFactory: ({ listener }: ServerLogins) => new Changes(listener),
    },
    {
      provide: Registry,
      inject: [ServerLogins],
      useFactory: (logins: ServerLogins) => new Registry(logins.registry).initialize(),
    },
    {
      provide: TenantModel,
      inject: [OwnerDatabase],
      useFactory: (owner: OwnerDatabase) => TenantModel.build(loadedEntities('tenants'), owner.serverVersion),
    },
    {
      provide: TenantContext,
      inject: [TenantModel, TenantDatabases, CONFIG],
      useFactory: (model: TenantModel, pool: TenantDatabases, config: Config) =>
        new TenantContext(model, pool, config.tenantPolicy),
    },
    { provide: TenantShares, useFactory: () => new TenantShares() },
    {
      provide: TenantDirectory,
      inject: [Registry, Changes],
      useFactory: (registry: Registry, changes: Changes) => TenantDirectory.hearing(registry, changes),
    },
    {
      provide: TenantLifecycle,
      inject: [Registry, TenantDatabases, TenantDirectory, TenantContext],
      useFactory: (...parts: ConstructorParameters<typeof TenantLifecycle>) => new TenantLifecycle(...parts),
    },
    {
      provide: FleetMigrator,
      inject: [Registry, TenantDatabases],
      useFactory: (registry: Registry, databases: TenantDatabases) =>
        new FleetMigrator(new FleetRegistry(registry, databases), databases),
    },
    {
      provide: TenantRestoration,
      inject: [Registry, TenantDatabases, TenantDirectory, TenantContext, Changes],
      useFactory: (...parts: ConstructorParameters<typeof TenantRestoration>) =>
        new TenantRestoration(...parts),
    },
    {
      provide: Placement,
      inject: [Registry, TenantDatabases],
      useFactory: (registry: Registry, databases: TenantDatabases) => new Placement(registry, databases),
    },
    {
      provide: TenantMove,
      inject: [Registry, TenantDatabases, TenantDirectory, TenantLifecycle, TenantContext],
      useFactory: (
        registry: Registry,
        databases: TenantDatabases,
        directory: TenantDirectory,
        lifecycle: TenantLifecycle,
        context: TenantContext,
      ) => new TenantMove({ registry, databases, directory, lifecycle, context }),
    },
    {
      provide: TenantTables,
      inject: [TenantContext],
      useFactory: (context: TenantContext) => new TenantTables(context),
    },
  ],
  exports: [
    Changes,
    DatabaseReadiness,
    FleetMigrator,
    Placement,
    Registry,
    TenantContext,
    TenantDirectory,
    TenantLifecycle,
    TenantMove,
    TenantRestoration,
    TenantShares,
    TenantTables,
  ],
})
export class TenancyModule implements NestModule, OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(TenantContext) private readonly context: TenantContext,
    @Inject(TenantLifecycle) private readonly lifecycle: TenantLifecycle,
    @Inject(TenantRestoration) private readonly restoration: TenantRestoration,
    @Inject(Changes) private readonly changes: Changes,
    private readonly databases: OpenDatabases,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_request: Request, response: Response, next: NextFunction) =>
        this.context.open(next, hangUpSignal(response)),
      )
      .forRoutes('{*path}');
  }

  /** Once every room has said what goes with a tenant. */
  async onApplicationBootstrap(): Promise<void> {
    await this.changes.start();
    const faults = [...(await this.lifecycle.mend()), ...(await this.restoration.mend())];
    for (const fault of faults) new Logger('Tenancy').warn(fault);
  }

  /** Runs when the last request was answered, and before the database itself is stopped. */
  async beforeApplicationShutdown(): Promise<void> {
    this.changes.stop();
    await this.databases.end();
  }
}
