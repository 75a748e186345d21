import { DataSource } from 'typeorm';
import { SnakeNamingStrategy } from './snake-naming.strategy.js';
import type { TenantBinding } from './tenant-binding.js';
import type { TenantConnections } from './binding/tenant-pool.js';
import { PLACEHOLDER_SCHEMA } from './tenant-schema.js';

type EntityClass = new () => object;

/** What no tenant model may contain, each because it was seen to hand one tenant's rows to another. */
export class UnsafeModelError extends Error {
  constructor(what: string) {
    super(`the tenant model is unsafe: ${what}`);
    this.name = 'UnsafeModelError';
  }
}

/**
 * The one model of all tenants' tables, built once; its schema is a placeholder and it has no connection. Sealed: it
 * gives no query runner, so a repository taken from it cannot reach any data.
 */
export class TenantModel extends DataSource {
  private constructor(entities: readonly EntityClass[], serverVersion: string) {
    super({
      type: 'postgres',
      schema: PLACEHOLDER_SCHEMA,
      entities: [...entities],
      namingStrategy: new SnakeNamingStrategy(),
      installExtensions: false,
      uuidExtension: 'pgcrypto',
      // Without one, each request's DataSource would look for the package `pg-native` on the disk.
      nativeDriver: {},
    });
    this.driver.version = serverVersion;
  }

  /** Builds the model, or throws UnsafeModelError. `serverVersion` is PostgreSQL's, as `18.4`. */
  static async build(entities: readonly EntityClass[], serverVersion: string): Promise<TenantModel> {
    const model = new TenantModel(entities, serverVersion);
    await model.buildMetadatas();
    Object.assign(model, { isInitialized: true });
    model.assertSafe();
    return model;
  }

  override createQueryRunner(): never {
    throw new UnsafeModelError('data was asked for without a tenant');
  }

  private assertSafe(): void {
    if (this.options.cache) throw new UnsafeModelError('the query cache does not know tenants');
    if (this.options.synchronize || this.options.migrationsRun)
      throw new UnsafeModelError('it changes schemas');
    for (const metadata of this.entityMetadatas) {
      const { name } = metadata;
      if (metadata.schema !== PLACEHOLDER_SCHEMA) throw new UnsafeModelError(`${name} names a schema`);
      if (metadata.relations.some((relation) => relation.isLazy))
        throw new UnsafeModelError(`${name} has a lazy relation`);
      if (typeof metadata.target === 'function' && 'useDataSource' in metadata.target) {
        throw new UnsafeModelError(`${name} extends BaseEntity`);
      }
    }
  }
}

/**
 * The DataSource of one request (or job) of one tenant: shares the model, takes a bound connection from the pool for
 * each operation or transaction, and opens nothing until then. Cheap enough to make for every request. When the signal
 * aborts, what it has under way is cancelled in PostgreSQL.
 */
export class TenantDataSource extends DataSource {
  constructor(model: TenantModel, pool: TenantConnections, binding: TenantBinding, signal?: AbortSignal) {
    super(model.options);
    Object.assign(this, {
      entityMetadatas: model.entityMetadatas,
      entityMetadatasMap: model.entityMetadatasMap,
      subscribers: model.subscribers,
      isInitialized: true,
    });
    Object.assign(this.driver, {
      version: model.driver.version,
      isGeneratedColumnsSupported: true,
      obtainMasterConnection: () => pool.lease(binding, signal),
    });
  }
}
