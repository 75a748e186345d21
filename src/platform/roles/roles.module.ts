import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { Delegation } from './delegation.js';
import { RoleGrants } from './role-grants.js';
import { RolesController } from './roles.controller.js';
import { RolesRepository } from './roles.repository.js';
import { RolesService } from './roles.service.js';

/** What roles grant, and who may grant it. */
@Module({
  imports: [TenancyModule, AuditModule],
  controllers: [RolesController],
  providers: [Delegation, RoleGrants, RolesRepository, RolesService],
  exports: [Delegation, RoleGrants],
})
export class RolesModule {}
