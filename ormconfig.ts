import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { registryMigrations } from './migrations/platform/all.js';
import { tenantMigrations } from './migrations/tenant/all.js';
import { roleNames } from './src/platform/tenancy/owner/database-roles.js';
import { REGISTRY_SCHEMA } from './src/platform/tenancy/owner/owner-database.js';
import { loadedEntities } from './src/platform/tenancy/registry/registry.js';
import { SnakeNamingStrategy } from './src/platform/tenancy/snake-naming.strategy.js';
import { quoteSchema } from './src/platform/tenancy/tenant-schema.js';

const { DATABASE_URL, TENANT_SCHEMA } = process.env;
if (!DATABASE_URL)
  throw new Error("DATABASE_URL is missing: the URL of the database, with its owner's login");
if (TENANT_SCHEMA !== undefined) quoteSchema(TENANT_SCHEMA);

// All entities there are, so that a new one is not forgotten.
const sources = join(__dirname, 'src');
for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- must be synchronous: TypeORM's CLI reads the export
  if (file.endsWith('.entity.js')) require(join(sources, file));
}

/** Migrations name no schema, so the connection does; what they make in a tenant's belongs to the owner of all tenants. */
const settings = (schema: string, url: string): string =>
  schema === REGISTRY_SCHEMA
    ? `-c search_path=${schema}`
    : `-c search_path=${schema} -c role=${roleNames(new URL(url).pathname.slice(1)).tenantOwner}`;
const schema = TENANT_SCHEMA ?? REGISTRY_SCHEMA;

/**
 * For TypeORM's command line alone: the registry, or the one tenant whose schema TENANT_SCHEMA names. The server does
 * not use it; it migrates tenants itself, each in one transaction.
 */
export const dataSource = new DataSource({
  type: 'postgres',
  url: DATABASE_URL,
  schema,
  entities: loadedEntities(schema === REGISTRY_SCHEMA ? 'registry' : 'tenants'),
  migrations: schema === REGISTRY_SCHEMA ? registryMigrations : tenantMigrations,
  migrationsTableName: 'migration',
  migrationsTransactionMode: 'each',
  namingStrategy: new SnakeNamingStrategy(),
  installExtensions: false,
  extra: { options: settings(schema, DATABASE_URL) },
});
