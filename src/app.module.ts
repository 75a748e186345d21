import { Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { AgentsModule } from './features/agents/agents.module.js';
import { FilesModule } from './features/files/files.module.js';
import { PortabilityModule } from './features/portability/portability.module.js';
import { VendorsModule } from './features/vendors/vendors.module.js';
import { AccessModule } from './platform/access/access.module.js';
import { FieldsGuard } from './platform/access/fields.guard.js';
import { OwnershipGuard } from './platform/access/ownership.guard.js';
import { PermissionsGuard } from './platform/access/permissions.guard.js';
import { ApiKeysModule } from './platform/api-keys/api-keys.module.js';
import { AuditModule } from './platform/audit/audit.module.js';
import { AuditInterceptor } from './platform/audit/recording/audit.interceptor.js';
import { AuthModule } from './platform/auth/auth.module.js';
import { StepUpGuard } from './platform/auth/factors/step-up/step-up.guard.js';
import { AuthenticationGuard } from './platform/auth/authentication.guard.js';
import { ImpersonationGuard } from './platform/auth/impersonation/impersonation.guard.js';
import { ExplainModule } from './platform/explain/explain.module.js';
import { HealthModule } from './platform/health/health.module.js';
import { HttpModule } from './platform/http/http.module.js';
import { AddressThrottlerGuard } from './platform/http/throttler.guard.js';
import { ProtectionModule } from './platform/protection/protection.module.js';
import { IdempotencyModule } from './platform/idempotency/idempotency.module.js';
import { RolesModule } from './platform/roles/roles.module.js';
import { DatabaseReadiness } from './platform/tenancy/registry/database-readiness.js';
import { ReadOnlyGuard } from './platform/tenancy/shares/read-only.guard.js';
import { TenancyModule } from './platform/tenancy/tenancy.module.js';
import { TenantShareGuard } from './platform/tenancy/shares/tenant-share.guard.js';
import { TenantsModule } from './platform/tenants/tenants.module.js';
import { UsersModule } from './platform/users/users.module.js';

/** The table of contents: the rooms, and the guards in the order in which each request meets them. */
@Module({
  imports: [
    HttpModule,
    HealthModule.asking([DatabaseReadiness], [TenancyModule]),
    TenancyModule,
    ProtectionModule,
    AuditModule,
    ApiKeysModule,
    AuthModule,
    AccessModule,
    IdempotencyModule,
    TenantsModule,
    RolesModule,
    UsersModule,
    ExplainModule,
    VendorsModule,
    AgentsModule,
    FilesModule,
    PortabilityModule,
  ],
  providers: [
    { provide: APP_GUARD, useExisting: AddressThrottlerGuard },
    { provide: APP_GUARD, useExisting: AuthenticationGuard },
    { provide: APP_GUARD, useClass: ImpersonationGuard },
    { provide: APP_GUARD, useClass: TenantShareGuard },
    { provide: APP_GUARD, useClass: ReadOnlyGuard },
    { provide: APP_GUARD, useClass: PermissionsGuard },
    { provide: APP_GUARD, useExisting: StepUpGuard },
    { provide: APP_GUARD, useClass: OwnershipGuard },
    { provide: APP_GUARD, useClass: FieldsGuard },
    { provide: APP_INTERCEPTOR, useExisting: AuditInterceptor },
  ],
})
export class AppModule {}
