import type { PoolConfig } from 'pg';
import type { FurtherDatabase } from './further-database.js';
import type { MigrationClass } from './migration-runner.js';

export interface OwnerOptions {
  connection: PoolConfig & { database: string };
  masterKey: Buffer;
  registryMigrations: readonly MigrationClass[];
  tenantMigrations: readonly MigrationClass[];
  /** The coordinator or another node of a Citus cluster. */
  isCitus?: boolean;
  /** Left out for the database of the registry. */
  further?: FurtherDatabase;
}
