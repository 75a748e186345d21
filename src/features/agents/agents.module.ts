import { Module } from '@nestjs/common';
import { TenancyModule } from '../../platform/tenancy/tenancy.module.js';
import { AgentsService } from './agents.service.js';

@Module({ imports: [TenancyModule], providers: [AgentsService], exports: [AgentsService] })
export class AgentsModule {}
