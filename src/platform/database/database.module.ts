import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, ConfigModule } from '../config/config.module.js';
import type { Config } from '../config/config.js';
import { connectionFromUrl, type DatabaseConnection } from './database-connection.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';

/** Token of the DatabaseConnection. */
export const DATABASE = Symbol('DATABASE');

/** The database that the configuration names, or the embedded one; and how to let go of it. */
class DatabaseHandle {
  constructor(
    readonly connection: DatabaseConnection,
    readonly stop: () => Promise<void>,
  ) {}

  static async open(config: Config): Promise<DatabaseHandle> {
    if (config.databaseUrl !== undefined) {
      return new DatabaseHandle(connectionFromUrl(config.databaseUrl), () => Promise.resolve());
    }
    const embedded = await startEmbeddedPostgres({
      dataDir: config.dataDir,
      log: (line) => process.stderr.write(`${line}\n`),
    });
    return new DatabaseHandle(embedded.connection, () => embedded.stop());
  }
}

/** Where the data lies. Stops the embedded PostgreSQL when the application has shut down. */
@Module({
  imports: [ConfigModule],
  providers: [
    {
      provide: DatabaseHandle,
      inject: [CONFIG],
      useFactory: (config: Config) => DatabaseHandle.open(config),
    },
    {
      provide: DATABASE,
      inject: [DatabaseHandle],
      useFactory: (handle: DatabaseHandle) => handle.connection,
    },
  ],
  exports: [DATABASE],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(DatabaseHandle) private readonly handle: DatabaseHandle) {}

  async onApplicationShutdown(): Promise<void> {
    await this.handle.stop();
  }
}
