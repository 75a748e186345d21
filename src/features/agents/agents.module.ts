import { Module } from '@nestjs/common';
import { TenancyModule } from '../../platform/tenancy/tenancy.module.js';
import { VendorsModule } from '../vendors/vendors.module.js';
import { AgentsController } from './agents.controller.js';
import { AgentsRepository } from './agents.repository.js';
import { AgentsService } from './agents.service.js';

@Module({
  imports: [TenancyModule, VendorsModule],
  controllers: [AgentsController],
  providers: [AgentsService, AgentsRepository],
  exports: [AgentsService],
})
export class AgentsModule {}
