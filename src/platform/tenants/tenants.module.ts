import { Module } from '@nestjs/common';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { UsersModule } from '../users/users.module.js';
import { TenantsController } from './tenants.controller.js';
import { TenantsRepository } from './tenants.repository.js';
import { TenantUsageService } from './tenant-usage.service.js';
import { TenantsService } from './tenants.service.js';
import { UsageController } from './usage.controller.js';

@Module({
  imports: [TenancyModule, UsersModule],
  controllers: [TenantsController, UsageController],
  providers: [TenantsService, TenantsRepository, TenantUsageService],
  exports: [TenantsService],
})
export class TenantsModule {}
