import type { INestApplicationContext } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { lastValueFrom, of } from 'rxjs';
import { AppModule } from '../../src/app.module.js';
import { RouteTable } from '../../src/platform/access/route-table.js';
import { AuditInterceptor } from '../../src/platform/audit/recording/audit.interceptor.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { replaceProcessConfig } from '../../src/platform/config/config.module.js';
import { rememberRequest } from '../../src/platform/http/request/request-facts.js';
import { asOwner, sharedDatabase } from '../support/database.js';

const READING = ['GET', 'HEAD', 'OPTIONS'];

/** As much of a request as the net looks at: its handler did its work, and recorded nothing. */
async function succeedSilently(net: AuditInterceptor, method: string, path: string): Promise<string> {
  const requestId = randomUUID();
  const request = {
    method,
    requestId,
    params: { id: randomUUID() },
    route: { path },
    get: () => undefined,
  } as unknown as Request;
  await new Promise<void>((done, failed) => {
    rememberRequest(request, {} as Response, () => {
      const context = new ExecutionContextHost([request, {}]);
      lastValueFrom(net.intercept(context, { handle: () => of({}) })).then(() => done(), failed);
    });
  });
  return requestId;
}

describe('every route that writes', () => {
  let app: INestApplicationContext;
  beforeAll(async () => {
    const { url: databaseUrl, dataDir } = await sharedDatabase();
    const config = loadConfig({ NODE_ENV: 'test', DATA_DIR: dataDir, BCRYPT_COST: '4' });
    replaceProcessConfig({ ...config, databaseUrl });
    app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  });
  afterAll(() => app.close());

  it('leaves an entry in the audit log, also when its own code forgets to', async () => {
    const routes = app.get(RouteTable).entries();
    const writing = routes.filter(({ method }) => !READING.includes(method));
    expect(writing.length).toBeGreaterThan(15);
    const silent: string[] = [];
    for (const { method, path } of writing) {
      const requestId = await succeedSilently(app.get(AuditInterceptor), method, path);
      const rows = await asOwner<{ route: string }>(
        `SELECT detail->>'route' AS route FROM platform.audit_event WHERE request_id = $1 AND outcome = 'success'`,
        [requestId],
      );
      if (rows.length !== 1 || rows[0]!.route !== `${method} ${path}`) silent.push(`${method} ${path}`);
    }
    expect(silent).toEqual([]);
  });

  it('has that net under it, since it is one for all of them', () => {
    const providers = Reflect.getMetadata('providers', AppModule) as {
      provide?: unknown;
      useExisting?: unknown;
    }[];
    expect(providers).toContainEqual({ provide: APP_INTERCEPTOR, useExisting: AuditInterceptor });
  });
});
