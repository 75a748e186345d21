import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allow } from '../http/route.js';
import type { TenantUsageDto } from './tenant-policy.dto.js';
import { TenantUsageService } from './tenant-usage.service.js';

@ApiTags('Usage')
@Controller({ path: 'usage', version: '1' })
export class UsageController {
  constructor(private readonly usage: TenantUsageService) {}

  /** Show what your tenant may use, and what it uses */
  @Get()
  @Allow('usage:read')
  async get(): Promise<TenantUsageDto> {
    return this.usage.own();
  }
}
