import { DataSource } from 'typeorm';
import { registryMigrations } from '../../migrations/platform/all.js';
import { tenantMigrations } from '../../migrations/tenant/all.js';
import { AppModule } from '../../src/app.module.js';
import { loadedEntities } from '../../src/platform/tenancy/registry/registry.js';
import { SnakeNamingStrategy } from '../../src/platform/tenancy/snake-naming.strategy.js';
import { sharedDatabase } from '../support/database.js';
import { openEngine, type Engine } from '../support/engine.js';

/** What TypeORM would still change to make the schema be as the entities say. */
async function differences(schema: string, of: 'registry' | 'tenants'): Promise<string[]> {
  const { connection } = await sharedDatabase();
  const { user, ...rest } = connection;
  const dataSource = new DataSource({
    type: 'postgres',
    ...rest,
    username: user,
    schema,
    entities: loadedEntities(of),
    namingStrategy: new SnakeNamingStrategy(),
    installExtensions: false,
    migrationsTableName: 'migration',
  });
  await dataSource.initialize();
  try {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query).filter((query) => !query.includes('"migration"'));
  } finally {
    await dataSource.destroy();
  }
}

describe('migrations', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine();
  });
  afterAll(() => engine.end());

  it('know all entities, since the application was loaded', () => {
    expect(AppModule).toBeDefined();
    expect(loadedEntities('tenants').length).toBeGreaterThanOrEqual(6);
    expect(loadedEntities('registry').length).toBeGreaterThanOrEqual(5);
  });

  it('make a tenant schema exactly what its entities say', async () => {
    const { schemaName } = await engine.newTenant(0);
    expect(await differences(schemaName, 'tenants')).toEqual([]);
  });

  it('make the registry exactly what its entities say', async () => {
    expect(await differences('platform', 'registry')).toEqual([]);
  });

  it('do nothing the second time', async () => {
    const { schemaName } = await engine.newTenant(1);
    expect(await engine.owner.migrateTenant(schemaName)).toMatchObject({ migrations: [] });
  });

  it.each([
    ['registry', registryMigrations],
    ['tenant', tenantMigrations],
  ])('of the %s stand in the order of their time, each once', (_, migrations) => {
    const times = migrations.map(({ name }) => Number(/\d{13}$/.exec(name)?.[0]));
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });
});
