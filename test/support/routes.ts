import { NestFactory } from '@nestjs/core';
import { RouteTable, type RouteEntry } from '../../src/platform/access/route-table.js';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { replaceProcessConfig } from '../../src/platform/config/config.module.js';
import { sharedDatabase } from './database.js';

/** Every route of the application, as its own table has them. */
export async function routeTableOf(): Promise<RouteEntry[]> {
  const { url: databaseUrl, dataDir } = await sharedDatabase();
  const config = loadConfig({ NODE_ENV: 'test', DATA_DIR: dataDir, BCRYPT_COST: '4' });
  replaceProcessConfig({ ...config, databaseUrl });
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  try {
    return app.get(RouteTable).entries();
  } finally {
    await app.close();
  }
}
