import { DataSource, MigrationExecutor, type MigrationInterface } from 'typeorm';
import type { ClientBase } from 'pg';

export type MigrationClass = new () => MigrationInterface;

/** A DataSource without tables that sends all it is asked to over one connection, in the schema given. */
class MigrationDataSource extends DataSource {
  constructor(
    client: ClientBase,
    schema: string,
    serverVersion: string,
    migrations: readonly MigrationClass[],
  ) {
    super({
      type: 'postgres',
      schema,
      migrations: [...migrations],
      migrationsTableName: 'migration',
    });
    Object.assign(this.driver, {
      version: serverVersion,
      schema,
      searchSchema: schema,
      obtainMasterConnection: () => Promise.resolve([client, () => undefined]),
    });
  }

  async prepare(): Promise<this> {
    await this.buildMetadatas();
    Object.assign(this, { isInitialized: true });
    return this;
  }
}

/**
 * Runs the pending migrations of a schema on a connection that is inside a transaction, with the right role and
 * search_path set, and returns their names. All or none: the caller commits.
 */
export async function runMigrations(
  client: ClientBase,
  schema: string,
  serverVersion: string,
  migrations: readonly MigrationClass[],
): Promise<string[]> {
  const dataSource = await new MigrationDataSource(client, schema, serverVersion, migrations).prepare();
  const runner = dataSource.createQueryRunner();
  const executor = new MigrationExecutor(dataSource, runner);
  executor.transaction = 'none';
  const done = await executor.executePendingMigrations();
  await runner.release();
  return done.map((migration) => migration.name);
}
