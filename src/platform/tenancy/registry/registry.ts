import type { PoolConfig } from 'pg';
import {
  DataSource,
  getMetadataArgsStorage,
  type DataSourceOptions,
  type EntityManager,
  type QueryRunner,
} from 'typeorm';
import { REGISTRY_SCHEMA } from '../owner/owner-database.js';
import { RegistryManager } from './registry-transactions.js';
import { SnakeNamingStrategy } from '../snake-naming.strategy.js';

type EntityClass = new () => object;

/** Few, since the registry's answers are remembered. */
export const REGISTRY_CONNECTIONS = 4;

/** The classes of all `@Entity`s loaded: those of the registry name its schema, those of the tenants name none. */
export function loadedEntities(of: 'registry' | 'tenants'): EntityClass[] {
  return getMetadataArgsStorage()
    .tables.filter((table) => (table.schema === REGISTRY_SCHEMA) === (of === 'registry'))
    .map((table) => table.target as EntityClass);
}

/** The DataSource of the registry (schema `platform`): tenants, operators, signing keys; never business data. */
export class Registry extends DataSource {
  constructor(login: PoolConfig) {
    super({
      type: 'postgres',
      driver: undefined,
      host: login.host,
      port: login.port,
      username: login.user,
      password: login.password,
      database: login.database,
      ssl: login.ssl,
      connectTimeoutMS: login.connectionTimeoutMillis,
      poolSize: REGISTRY_CONNECTIONS,
      applicationName: login.application_name,
      entities: loadedEntities('registry'),
      namingStrategy: new SnakeNamingStrategy(),
      installExtensions: false,
      poolErrorHandler: () => undefined,
      extra: { options: login.options, keepAlive: true },
    } as DataSourceOptions);
  }

  override createEntityManager(queryRunner?: QueryRunner): EntityManager {
    return new RegistryManager(this, queryRunner);
  }
}
