import { Module } from '@nestjs/common';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { AuditTrail } from './audit-trail.js';

/** What happened. */
@Module({ imports: [TenancyModule], providers: [AuditTrail], exports: [AuditTrail] })
export class AuditModule {}
