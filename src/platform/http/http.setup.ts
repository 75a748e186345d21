import { VersioningType } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { createLogger, createRequestLogger, NestLogger } from './logger.js';
import { ProblemFilter, type ErrorTranslator, type RefusalObserver } from './problem.filter.js';
import { readJsonBody } from './request/body.middleware.js';
import { DeclaredInputInterceptor } from './request/declared-input.interceptor.js';
import { rememberRequest } from './request/request-facts.js';
import { assignRequestId } from './request/request-id.js';
import { checkTarget } from './request/target.middleware.js';
import { RepresentationInterceptor } from './response/representation.interceptor.js';
import { setSecurityHeaders } from './response/security-headers.js';
import { AddressThrottlerGuard } from './throttler.guard.js';
import { StrictValidationPipe } from './validation.pipe.js';

/** How long a browser may remember what a preflight said. */
const PREFLIGHT_MAX_AGE_SECONDS = 600;

export interface HttpSetup {
  logger?: Logger;
  /** Asked in turn about every error that is none of ours, before it becomes a 500. */
  translators?: readonly ErrorTranslator[];
  /** Told of each refusal. */
  onRefusal?: RefusalObserver;
}

/**
 * The edge, alike in the service and in its tests; to be called before `app.init()`, on an app made with
 * `new EdgeAdapter(config)` and `bodyParser: false`. The order of the middleware is the order of this function.
 */
export function configureHttp(app: NestExpressApplication, config: Config, setup: HttpSetup = {}): void {
  const { logger = createLogger(config), translators = [], onRefusal } = setup;
  app.useLogger(new NestLogger(logger));
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  app.use(assignRequestId, rememberRequest, setSecurityHeaders, forbidCaching, createRequestLogger(logger));
  allowOrigins(app, config);
  app.use(app.get(AddressThrottlerGuard).middleware, checkTarget, ...readJsonBody);
  const reflector = app.get(Reflector);
  app.useGlobalInterceptors(
    new DeclaredInputInterceptor(reflector),
    new RepresentationInterceptor(reflector),
  );
  app.useGlobalPipes(new StrictValidationPipe());
  app.useGlobalFilters(new ProblemFilter(logger, translators, onRefusal));
}

/** Until an answer says otherwise (an ETag does), nobody may keep it. */
function forbidCaching(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('Cache-Control', 'no-store');
  next();
}

function allowOrigins(app: NestExpressApplication, { corsOrigins }: Config): void {
  if (corsOrigins.length === 0) return;
  app.enableCors({
    origin: [...corsOrigins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
      'Range',
      'X-Request-Id',
      'traceparent',
    ],
    exposedHeaders: [
      'Content-Disposition',
      'ETag',
      'Idempotency-Replayed',
      'Link',
      'Location',
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
      'X-Impersonated-By',
      'X-RateLimit-Limit',
      'X-RateLimit-Remaining',
      'X-RateLimit-Reset',
      'X-Request-Id',
    ],
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
    preflightContinue: true,
  });
  app.use(endPreflight);
}

/** Every other OPTIONS goes on to learn what the resource allows. */
function endPreflight(request: Request, response: Response, next: NextFunction): void {
  if (request.method === 'OPTIONS' && request.get('access-control-request-method'))
    response.status(204).end();
  else next();
}
