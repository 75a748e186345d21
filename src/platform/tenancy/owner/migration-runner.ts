import { DataSource, type MigrationInterface } from 'typeorm';
import type { ClientBase, QueryResult } from 'pg';

export type MigrationClass = new () => MigrationInterface;

/** As TypeORM's own command line makes it, so that both may be used on one schema. */
const OPEN_LEDGER = `
  CREATE TABLE IF NOT EXISTS migration (
    id serial NOT NULL, "timestamp" bigint NOT NULL, name varchar NOT NULL, CONSTRAINT migration_pkey PRIMARY KEY (id)
  )`;
const TIMESTAMP = /\d{13}$/;

/** A DataSource without tables that sends all it is asked to over one connection, in the schema given. */
class MigrationDataSource extends DataSource {
  constructor(client: Pick<ClientBase, 'query'>, schema: string, serverVersion: string) {
    // Without a native driver, each would look for the package `pg-native` on the disk.
    super({ type: 'postgres', schema, migrationsTableName: 'migration', nativeDriver: {} });
    Object.assign(this.driver, {
      version: serverVersion,
      schema,
      searchSchema: schema,
      obtainMasterConnection: () => Promise.resolve([client, () => undefined]),
    });
    Object.assign(this, { isInitialized: true });
  }
}

/** A statement that a migration sent. */
export interface SentStatement {
  sql: string;
  parameters: readonly unknown[];
  /** Whether PostgreSQL answered with a table, on which what the migration did next may have depended. */
  hasAnswer: boolean;
}

/** Takes down what migrations do. */
export interface MigrationRecorder {
  /** Before it is sent. */
  sending(statement: SentStatement): void;
  /** After a migration's last statement. */
  migrated(name: string): Promise<void>;
}

/** The same connection, on which somebody takes the statements down. */
function recorded(client: ClientBase, recorder: MigrationRecorder): ClientBase {
  const query = async (sql: string, parameters: unknown[] = []): Promise<unknown> => {
    const statement: SentStatement = { sql, parameters, hasAnswer: false };
    recorder.sending(statement);
    const results = await client.query(sql, parameters.length > 0 ? parameters : undefined);
    statement.hasAnswer = [results].flat().some(({ fields }) => fields.length > 0);
    return results;
  };
  return Object.create(client, { query: { value: query } }) as ClientBase;
}

/**
 * Runs the pending migrations of a schema on a connection that is inside a transaction, with the right role and
 * search_path set, and returns their names. All or none: the caller commits. TypeORM's own executor reads the catalog
 * several times before each run, which a fleet of schemas cannot afford; what it leaves behind is the same.
 */
export async function runMigrations(
  client: ClientBase,
  schema: string,
  serverVersion: string,
  migrations: readonly MigrationClass[],
  recorder?: MigrationRecorder,
): Promise<string[]> {
  const connection = recorder ? recorded(client, recorder) : client;
  recorder?.sending({ sql: OPEN_LEDGER, parameters: [], hasAnswer: false });
  const results = (await client.query(
    `SET LOCAL client_min_messages = warning; ${OPEN_LEDGER}; SELECT name FROM migration`,
  )) as unknown as QueryResult<{ name: string }>[];
  const had = new Set(results.at(-1)!.rows.map(({ name }) => name));
  const pending = migrations.filter(({ name }) => !had.has(name));
  if (pending.length === 0) return [];
  const runner = new MigrationDataSource(connection, schema, serverVersion).createQueryRunner();
  for (const migration of pending) {
    await new migration().up(runner);
    const timestamp = Number(TIMESTAMP.exec(migration.name)![0]);
    await connection.query(
      `INSERT INTO migration ("timestamp", name) VALUES (${timestamp}, '${migration.name}')`,
    );
    await recorder?.migrated(migration.name);
  }
  await runner.release();
  return pending.map(({ name }) => name);
}
