import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module.js';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { RolesModule } from '../roles/roles.module.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { UsersModule } from '../users/users.module.js';
import { ExplainController } from './explain.controller.js';
import { ExplainedCallers } from './explained-callers.js';
import { ExplainService } from './explain.service.js';

/** Why somebody may do something, or may not. */
@Module({
  imports: [TenancyModule, AccessModule, ApiKeysModule, RolesModule, UsersModule],
  controllers: [ExplainController],
  providers: [ExplainService, ExplainedCallers],
})
export class ExplainModule {}
