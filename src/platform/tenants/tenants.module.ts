import { Module } from '@nestjs/common';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { ImpersonationController } from './impersonation.controller.js';
import { TenantsController } from './tenants.controller.js';
import { TenantsRepository } from './tenants.repository.js';
import { TenantUsageService } from './tenant-usage.service.js';
import { TenantsService } from './tenants.service.js';
import { UsageController } from './usage.controller.js';

@Module({
  imports: [AuthModule, TenancyModule, UsersModule],
  controllers: [TenantsController, ImpersonationController, UsageController],
  providers: [TenantsService, TenantsRepository, TenantUsageService],
  exports: [TenantsService],
})
export class TenantsModule {}
