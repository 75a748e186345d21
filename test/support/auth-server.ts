import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Catch,
  HttpStatus,
  Module,
  ValidationPipe,
  VersioningType,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import { Test } from '@nestjs/testing';
import type { Response } from 'express';
import { Entity, PrimaryColumn } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { DomainError, type ErrorKind } from '../../src/kernel/errors.js';
import { AuthModule } from '../../src/platform/auth/auth.module.js';
import { AuthenticationGuard } from '../../src/platform/auth/authentication.guard.js';
import { OperatorInvitation } from '../../src/platform/auth/invitation.entity.js';
import { InvitationsService } from '../../src/platform/auth/invitations.service.js';
import { OperatorsService } from '../../src/platform/auth/operators.service.js';
import { PasswordHasher } from '../../src/platform/auth/password-hasher.js';
import { SigningKeys } from '../../src/platform/auth/signing-keys.js';
import { User } from '../../src/platform/auth/user.entity.js';
import { CONFIG, ConfigModule } from '../../src/platform/config/config.module.js';
import type { Config } from '../../src/platform/config/config.js';
import { DATABASE, DatabaseModule } from '../../src/platform/database/database.module.js';
import { Registry } from '../../src/platform/tenancy/registry.js';
import { TenantContext } from '../../src/platform/tenancy/tenant-context.js';
import { bindingOf } from '../../src/platform/tenancy/tenant-directory.js';
import { TenantLifecycle } from '../../src/platform/tenancy/tenant-lifecycle.js';
import { startPostgres } from './throwaway-postgres.js';

const STATUS: Partial<Record<ErrorKind, HttpStatus>> = {
  unauthenticated: HttpStatus.UNAUTHORIZED,
  forbidden: HttpStatus.FORBIDDEN,
  not_found: HttpStatus.NOT_FOUND,
  conflict: HttpStatus.CONFLICT,
  invalid: HttpStatus.UNPROCESSABLE_ENTITY,
  unavailable: HttpStatus.SERVICE_UNAVAILABLE,
};

/** Stands for the feature room to which users refer. */
class Vendor {
  id: string;
}
Entity({ name: 'vendor' })(Vendor);
PrimaryColumn('uuid')(Vendor.prototype, 'id');

/** Stands for the problem filter of the edge. */
class ProblemFilter implements ExceptionFilter {
  catch(error: DomainError, host: ArgumentsHost): void {
    const { code, detail, kind } = error;
    host
      .switchToHttp()
      .getResponse<Response>()
      .status(STATUS[kind] ?? 500)
      .json({ code, detail, errors: 'faults' in error ? error.faults : undefined });
  }
}
Catch(DomainError)(ProblemFilter);

const moduleWith = (token: symbol, useValue: unknown) => {
  const stand = class {
    readonly token = token;
  };
  Module({ providers: [{ provide: token, useValue }], exports: [token] })(stand);
  return stand;
};

export const OPERATOR = { email: 'root@example.com', password: 'operator pass phrase' };

/** A server of the auth room alone, with a database of its own. Talk to it over HTTP at `url`. */
export async function startAuthServer({
  bootstrapOperator = OPERATOR,
}: { bootstrapOperator?: typeof OPERATOR | null } = {}) {
  const postgres = await startPostgres();
  const config = {
    dbPoolSize: 8,
    dbConnectTimeoutMs: 5000,
    dbQueryTimeoutMs: 10_000,
    dbLockTimeoutMs: 5000,
    masterKey: randomBytes(32),
    accessTokenSeconds: 600,
    refreshTokenSeconds: 43_200,
    sessionIdleSeconds: 3600,
    bcryptCost: 5,
    passwordMinLength: 15,
    bootstrapOperator: bootstrapOperator ?? undefined,
  };
  const testing = await Test.createTestingModule({
    imports: [AuthModule],
    providers: [{ provide: APP_GUARD, useExisting: AuthenticationGuard }],
  })
    .overrideModule(ConfigModule)
    .useModule(moduleWith(CONFIG, config satisfies Partial<Config>))
    .overrideModule(DatabaseModule)
    .useModule(moduleWith(DATABASE, postgres.connection))
    .compile();
  const app = testing.createNestApplication();
  app.enableVersioning({ type: VersioningType.URI });
  app.useGlobalPipes(
    new ValidationPipe({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      errorHttpStatusCode: HttpStatus.UNPROCESSABLE_ENTITY,
    }),
  );
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  const operators = app.get(OperatorsService);
  const links = await Promise.all([operators.ensureFirst(), operators.ensureFirst()]);
  const http = app.getHttpServer() as Server;
  const { port } = http.address() as AddressInfo;
  const lifecycle = app.get(TenantLifecycle);
  const context = app.get(TenantContext);
  const invitations = app.get(InvitationsService);

  return {
    url: `http://127.0.0.1:${port}`,
    operators,
    /** What two starts at once were told. */
    links,
    lifecycle,
    /** A tenant with one tenant_admin, who has the password, or else an invitation. */
    async createTenant(
      slug: string,
      admin: { email: string; name?: string; password?: string; ttlMs?: number },
    ) {
      const passwordHash =
        admin.password === undefined ? null : await app.get(PasswordHasher).hash(admin.password);
      const id = uuidv7();
      const { tenant, furnished } = await lifecycle.create({ slug, name: slug }, async () => {
        const { email, name = 'Ada' } = admin;
        await context.manager.insert(User, {
          id,
          email,
          name,
          passwordHash,
          roles: ['tenant_admin'],
          vendorId: null,
        });
        return passwordHash === null ? await invitations.invite(id, admin.ttlMs ?? 60_000) : undefined;
      });
      return {
        tenant,
        adminId: id,
        invitationToken: furnished?.token,
        /** Runs as a job of this tenant. */
        run: <T>(work: () => Promise<T>) => context.run(bindingOf(tenant), work),
      };
    },
    context,
    invitations,
    /** A token signed by the server's own key, with whatever claims and header. */
    async forge(claims: object, header: object = {}, options: object = {}): Promise<string> {
      const { kid, privateKey } = app.get(SigningKeys).newest;
      return app.get(JwtService, { strict: false }).signAsync(claims, {
        privateKey,
        algorithm: 'ES256',
        header: { alg: 'ES256', typ: 'at+jwt', kid, ...header },
        ...options,
      });
    },
    /** Lets the time of all operators' invitations run out. */
    async expireInvitations() {
      await app
        .get(Registry)
        .getRepository(OperatorInvitation)
        .updateAll({ expiresAt: new Date(0) });
    },
    async stop() {
      await app.close();
      await postgres.stop();
    },
  };
}

export type AuthServer = Awaited<ReturnType<typeof startAuthServer>>;
