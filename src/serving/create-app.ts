import { VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { OpenAPIObject } from '@nestjs/swagger';
import { AppModule } from '../app.module.js';
import { RefusalRecorder } from '../platform/audit/recording/refusal-recorder.js';
import type { Config } from '../platform/config/config.js';
import { processConfig } from '../platform/config/config.module.js';
import { setupDocs } from '../platform/docs/docs.setup.js';
import { buildOpenApi } from '../platform/docs/openapi.js';
import { EdgeAdapter } from '../platform/http/edge.adapter.js';
import { configureHttp } from '../platform/http/http.setup.js';
import { createLogger, NestLogger } from '../platform/http/logger.js';
import { translateDatabaseError } from '../platform/tenancy/database-errors.js';

/** The whole application, ready to listen. */
export async function createApp(config: Config): Promise<NestExpressApplication> {
  const logger = createLogger(config);
  const app = await NestFactory.create<NestExpressApplication>(AppModule, new EdgeAdapter(config), {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(logger),
  });
  const refusals = app.get(RefusalRecorder);
  configureHttp(app, config, {
    logger,
    translators: [translateDatabaseError],
    onRefusal: (request, refusal) => refusals.refused(request, refusal),
  });
  setupDocs(app, config);
  return app;
}

/** The description of the API, made from the routes alone: nothing is started for it. */
export async function openApiDocument(): Promise<OpenAPIObject> {
  const config = processConfig();
  const app = await NestFactory.create<NestExpressApplication>(AppModule, new EdgeAdapter(config), {
    preview: true,
    abortOnError: false,
    logger: false,
  });
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  return buildOpenApi(app);
}
