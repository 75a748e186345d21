import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RouteTable, type RouteEntry } from '../../src/platform/access/route-table.js';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { replaceProcessConfig } from '../../src/platform/config/config.module.js';
import { sharedDatabase } from './database.js';

/** The whole application on the shared database, without a server. */
export async function contextOf(): Promise<INestApplicationContext> {
  const { url: databaseUrl, dataDir } = await sharedDatabase();
  const config = loadConfig({ NODE_ENV: 'test', DATA_DIR: dataDir, BCRYPT_COST: '4' });
  replaceProcessConfig({ ...config, databaseUrl });
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}

/** Every route of the application, as its own table has them. */
export async function routeTableOf(): Promise<RouteEntry[]> {
  const app = await contextOf();
  try {
    return app.get(RouteTable).entries();
  } finally {
    await app.close();
  }
}
