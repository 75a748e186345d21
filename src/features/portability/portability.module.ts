import { Module } from '@nestjs/common';
import { ConfigModule } from '../../platform/config/config.module.js';
import { TenancyModule } from '../../platform/tenancy/tenancy.module.js';
import { TenantsModule } from '../../platform/tenants/tenants.module.js';
import { FilesModule } from '../files/files.module.js';
import { ArchiveLoader } from './archive-loader.js';
import { PortabilityController } from './portability.controller.js';
import { PortabilityService } from './portability.service.js';
import { TenantRowsRepository } from './tenant-rows.repository.js';

/** Export, import, clone and restore of whole tenants. */
@Module({
  imports: [ConfigModule, TenancyModule, TenantsModule, FilesModule],
  controllers: [PortabilityController],
  providers: [PortabilityService, TenantRowsRepository, ArchiveLoader],
  exports: [PortabilityService],
})
export class PortabilityModule {}
