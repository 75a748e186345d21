import {
  Inject,
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
import { TenantContext } from './tenant-context.js';
import { TenantModel } from './tenant-data-source.js';
import { TenantDirectory } from './registry/tenant-directory.js';
import { TenantLifecycle } from './registry/tenant-lifecycle.js';
import { TenantPool } from './binding/tenant-pool.js';
import { TenantRestoration } from './registry/tenant-restoration.js';
import { TenantShares } from './shares/tenant-shares.js';
import { TenantTables } from './tenant-tables.js';

/** Aborts when the caller is gone before the answer was written. */
function hangUpSignal(response: Response): AbortSignal {
  const hangUp = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) hangUp.abort();
  });
  return hangUp.signal;
}

/** A directory that forgets a tenant as soon as any node changes it. */
function directoryHearing(registry: Registry, changes: Changes): TenantDirectory {
  const directory = new TenantDirectory(registry);
  changes.onChange(({ subject, tenantId }) => {
    if (subject === 'tenant' && tenantId !== null) directory.forgetId(tenantId);
  });
  return directory;
}

const limitsOf = (config: Config) => ({
  statementMs: config.dbQueryTimeoutMs,
  lockMs: config.dbLockTimeoutMs,
  idleInTransactionMs: config.dbIdleTransactionTimeoutMs,
  transactionMs: config.dbTransactionTimeoutMs,
});

/** Whose data it is: the registry of tenants, and the one door to their data. */
@Module({
  imports: [ConfigModule, DatabaseModule],
  providers: [
    DatabaseReadiness,
    {
      provide: OwnerDatabase,
      inject: [DATABASE, MASTER_KEY],
      useFactory: (connection: DatabaseConnection, masterKey: Buffer) =>
        OwnerDatabase.open({ connection, masterKey, registryMigrations, tenantMigrations }),
    },
    {
      provide: ServerLogins,
      inject: [OwnerDatabase, CONFIG],
      useFactory: (owner: OwnerDatabase, config: Config) =>
        ServerLogins.open(owner, config, limitsOf(config)),
    },
    {
      provide: Changes,
      inject: [ServerLogins],
      useFactory: (logins: ServerLogins) => new Changes([logins.listener]),
    },
    {
      provide: Registry,
      inject: [ServerLogins],
      useFactory: (logins: ServerLogins) => new Registry(logins.registry).initialize(),
    },
    {
      provide: TenantPool,
      inject: [ServerLogins, CONFIG],
      useFactory: ({ tenants, binder }: ServerLogins, config: Config) =>
        new TenantPool({
          logins: tenants,
          binder,
          size: config.dbPoolSize,
          waitTimeoutMs: config.dbConnectTimeoutMs,
          maxUses: config.dbConnectionMaxUses,
          maxAgeSeconds: config.dbConnectionMaxAgeSeconds,
        }),
    },
    {
      provide: TenantModel,
      inject: [OwnerDatabase],
      useFactory: (owner: OwnerDatabase) => TenantModel.build(loadedEntities('tenants'), owner.serverVersion),
    },
    {
      provide: TenantContext,
      inject: [TenantModel, TenantPool, CONFIG],
      useFactory: (model: TenantModel, pool: TenantPool, config: Config) =>
        new TenantContext(model, pool, config.tenantPolicy),
    },
    { provide: TenantShares, useFactory: () => new TenantShares() },
    {
      provide: TenantDirectory,
      inject: [Registry, Changes],
      useFactory: (registry: Registry, changes: Changes) => directoryHearing(registry, changes),
    },
    {
      provide: TenantLifecycle,
      inject: [Registry, OwnerDatabase, TenantDirectory, TenantContext, Changes],
      useFactory: (...parts: ConstructorParameters<typeof TenantLifecycle>) => new TenantLifecycle(...parts),
    },
    {
      provide: FleetMigrator,
      inject: [Registry, OwnerDatabase],
      useFactory: (registry: Registry, owner: OwnerDatabase) =>
        new FleetMigrator(new FleetRegistry(registry, owner), owner),
    },
    {
      provide: TenantRestoration,
      inject: [Registry, OwnerDatabase, TenantDirectory, TenantContext, Changes],
      useFactory: (...parts: ConstructorParameters<typeof TenantRestoration>) =>
        new TenantRestoration(...parts),
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
    Registry,
    TenantContext,
    TenantDirectory,
    TenantLifecycle,
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
    @Inject(TenantPool) private readonly pool: TenantPool,
    @Inject(Registry) private readonly registry: Registry,
    @Inject(OwnerDatabase) private readonly owner: OwnerDatabase,
    @Inject(Changes) private readonly changes: Changes,
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
    for (const fault of await this.lifecycle.mend()) new Logger('Tenancy').warn(fault);
    await this.restoration.mend();
  }

  /** Runs when the last request was answered, and before the database itself is stopped. */
  async beforeApplicationShutdown(): Promise<void> {
    this.changes.stop();
    await this.pool.end();
    await this.registry.destroy();
    await this.owner.end();
  }
}
