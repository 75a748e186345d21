import {
  Inject,
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
import { DatabaseReadiness } from './database-readiness.js';
import { OwnerDatabase } from './owner-database.js';
import { loadedEntities, Registry } from './registry.js';
import { TenantContext } from './tenant-context.js';
import { TenantModel } from './tenant-data-source.js';
import { TenantDirectory } from './tenant-directory.js';
import { TenantLifecycle } from './tenant-lifecycle.js';
import { TenantPool } from './tenant-pool.js';
import { TenantRestoration } from './tenant-restoration.js';
import { TenantTables } from './tenant-tables.js';

/** A transaction that waits for its own client is the server's fault; PostgreSQL ends it. */
const IDLE_IN_TRANSACTION_MS = 10_000;

const limitsOf = (config: Config) => ({
  statementMs: config.dbQueryTimeoutMs,
  lockMs: config.dbLockTimeoutMs,
  idleInTransactionMs: IDLE_IN_TRANSACTION_MS,
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
      provide: Registry,
      inject: [OwnerDatabase, CONFIG],
      useFactory: (owner: OwnerDatabase, config: Config) =>
        new Registry({
          ...owner.login(owner.roles.registry, limitsOf(config)),
          connectionTimeoutMillis: config.dbConnectTimeoutMs,
        }).initialize(),
    },
    {
      provide: TenantPool,
      inject: [OwnerDatabase, CONFIG],
      useFactory: (owner: OwnerDatabase, config: Config) =>
        new TenantPool({
          logins: owner.roles.logins.map((login) => owner.login(login, limitsOf(config))),
          size: config.dbPoolSize,
          waitTimeoutMs: config.dbConnectTimeoutMs,
        }),
    },
    {
      provide: TenantModel,
      inject: [OwnerDatabase],
      useFactory: (owner: OwnerDatabase) => TenantModel.build(loadedEntities('tenants'), owner.serverVersion),
    },
    {
      provide: TenantContext,
      inject: [TenantModel, TenantPool],
      useFactory: (model: TenantModel, pool: TenantPool) => new TenantContext(model, pool),
    },
    {
      provide: TenantDirectory,
      inject: [Registry],
      useFactory: (registry: Registry) => new TenantDirectory(registry),
    },
    {
      provide: TenantLifecycle,
      inject: [Registry, OwnerDatabase, TenantDirectory, TenantContext],
      useFactory: (...parts: ConstructorParameters<typeof TenantLifecycle>) => new TenantLifecycle(...parts),
    },
    {
      provide: TenantRestoration,
      inject: [Registry, OwnerDatabase, TenantDirectory, TenantContext],
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
    DatabaseReadiness,
    Registry,
    TenantContext,
    TenantDirectory,
    TenantLifecycle,
    TenantRestoration,
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
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_request: Request, _response: Response, next: NextFunction) => this.context.open(next))
      .forRoutes('{*path}');
  }

  /** Once every room has said what goes with a tenant. */
  async onApplicationBootstrap(): Promise<void> {
    await this.lifecycle.mend();
    await this.restoration.mend();
    await this.lifecycle.migrateBehind();
  }

  /** Runs when the last request was answered, and before the database itself is stopped. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.pool.end();
    await this.registry.destroy();
    await this.owner.end();
  }
}
