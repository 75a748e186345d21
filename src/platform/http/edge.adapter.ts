import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import type { Config } from '../config/config.js';
import { createServer, SERVER_LIMITS, type HttpServer, type ServerLimits } from './http-server.js';
import { answerUnmatched } from './request/unmatched.js';

/** Longer than the slowest query may take, shorter than what orchestrators grant before they kill. */
const SHUTDOWN_GRACE_MS = 10_000;

/** Express under Nest, with our server in front and our own answers for what no route takes. */
export class EdgeAdapter extends ExpressAdapter {
  constructor(
    config: Config,
    private readonly limits: ServerLimits = SERVER_LIMITS,
  ) {
    super(createExpress(config));
  }

  override initHttpServer(): void {
    const instance = this.getInstance<Express>();
    const isTrusted = instance.get('trust proxy fn') as (address: string, hop: number) => boolean;
    this.httpServer = createServer(instance, this.limits, (address) => isTrusted(address, 0));
  }

  /** Errors reach `ProblemFilter` as they were thrown. */
  override mapException(error: unknown): unknown {
    return error;
  }

  override setNotFoundHandler(): this {
    return this.use(answerUnmatched) as this;
  }

  override async close(): Promise<void> {
    await (this.httpServer as HttpServer).drain(SHUTDOWN_GRACE_MS);
  }
}

/** The router takes its settings from the instance as soon as Nest touches it, so they are set here. */
function createExpress(config: Config): Express {
  const instance = express();
  instance.disable('x-powered-by');
  instance.disable('etag');
  instance.enable('case sensitive routing');
  instance.set('query parser', 'simple');
  instance.set(
    'trust proxy',
    typeof config.trustProxy === 'object' ? [...config.trustProxy] : config.trustProxy,
  );
  return instance;
}

/** Starts to serve; answers the origin under which the service is reached on this machine. */
export async function listen(app: NestExpressApplication, config: Config): Promise<string> {
  await app.listen(config.port, config.host);
  const { address, family, port } = (app.getHttpServer() as HttpServer).address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Lets requests in flight finish while all that they need still stands, then closes the application. */
export async function closeGracefully(
  app: NestExpressApplication,
  graceMs = SHUTDOWN_GRACE_MS,
): Promise<void> {
  await (app.getHttpServer() as HttpServer).drain(graceMs);
  await app.close();
}
