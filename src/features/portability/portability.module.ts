import { Module } from '@nestjs/common';
import { join } from 'node:path';
import type { Config } from '../../platform/config/config.js';
import { CONFIG, ConfigModule } from '../../platform/config/config.module.js';
import { TenancyModule } from '../../platform/tenancy/tenancy.module.js';
import { TenantsModule } from '../../platform/tenants/tenants.module.js';
import { FilesModule } from '../files/files.module.js';
import { ArchiveLoader } from './archive-loader.js';
import { PortabilityController } from './portability.controller.js';
import { PortabilityService } from './portability.service.js';
import { SpoolFolder } from './spool-folder.js';

/** Export, import, clone and restore of whole tenants. */
@Module({
  imports: [ConfigModule, TenancyModule, TenantsModule, FilesModule],
  controllers: [PortabilityController],
  providers: [
    {
      provide: SpoolFolder,
      inject: [CONFIG],
      useFactory: (config: Config) => new SpoolFolder(join(config.dataDir, 'exports')),
    },
    PortabilityService,
    ArchiveLoader,
  ],
  exports: [PortabilityService],
})
export class PortabilityModule {}
