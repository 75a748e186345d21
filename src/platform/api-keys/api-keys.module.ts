import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import type { Config } from '../config/config.js';
import { CONFIG, ConfigModule } from '../config/config.module.js';
import { RolesModule } from '../roles/roles.module.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { ApiKeyCallers } from './api-key-callers.js';
import type { KeyEnvironment } from './api-key-text.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService, KEY_ENVIRONMENT } from './api-keys.service.js';
import { ExpiryNotices } from './expiry-notices.js';

/** By which programs call. */
@Module({
  imports: [ConfigModule, TenancyModule, RolesModule, AuditModule],
  controllers: [ApiKeysController],
  providers: [
    ApiKeyCallers,
    ApiKeysRepository,
    ApiKeysService,
    ExpiryNotices,
    {
      provide: KEY_ENVIRONMENT,
      inject: [CONFIG],
      useFactory: ({ nodeEnv }: Config): KeyEnvironment => (nodeEnv === 'production' ? 'live' : 'test'),
    },
  ],
  exports: [ApiKeyCallers, ApiKeysRepository],
})
export class ApiKeysModule {}
