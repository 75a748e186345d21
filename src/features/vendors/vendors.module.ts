import { Module } from '@nestjs/common';
import { TenancyModule } from '../../platform/tenancy/tenancy.module.js';
import { VendorsService } from './vendors.service.js';

@Module({ imports: [TenancyModule], providers: [VendorsService], exports: [VendorsService] })
export class VendorsModule {}
