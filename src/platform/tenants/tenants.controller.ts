import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { Allow, Created, IdParam, IfMatch, OwnedBy, StepUp } from '../http/route.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import {
  CreatedTenantDto,
  CreateTenantDto,
  DeleteTenantQueryDto,
  SuspendTenantDto,
  TenantDto,
  TenantPageDto,
  TenantQueryDto,
  UpdateTenantDto,
} from './tenants.dto.js';
import type { TenantUsageDto } from './tenant-policy.dto.js';
import { TenantUsageService } from './tenant-usage.service.js';
import { TenantsService } from './tenants.service.js';

@ApiTags('Tenants')
@Controller({ path: 'tenants', version: '1' })
export class TenantsController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly usage: TenantUsageService,
  ) {}

  /** List the tenants that you may see */
  @Get()
  @Allow('tenants:read')
  async list(@Query() query: TenantQueryDto): Promise<TenantPageDto> {
    return TenantPageDto.from(await this.tenants.list(query), (tenant) => TenantDto.from(tenant));
  }

  /** Make a tenant */
  @Post()
  @Created()
  @Allow('tenants:create')
  async create(@Body() dto: CreateTenantDto): Promise<CreatedTenantDto> {
    return CreatedTenantDto.of(await this.tenants.create(dto));
  }

  /** Read one tenant */
  @Get(':id')
  @Allow('tenants:read')
  @OwnedBy(TenantsService)
  async get(@Param() { id }: IdParam): Promise<TenantDto> {
    return TenantDto.from(await this.tenants.get(id));
  }

  /** Show what the tenant may use, and what it uses */
  @Get(':id/usage')
  @Allow('tenants:read')
  @OwnedBy(TenantsService)
  async usageOf(@Param() { id }: IdParam): Promise<TenantUsageDto> {
    return this.usage.of(id);
  }

  /** Change the fields that are sent */
  @Patch(':id')
  @Allow('tenants:update')
  @OwnedBy(TenantsService)
  async update(
    @Param() { id }: IdParam,
    @Body() dto: UpdateTenantDto,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<TenantDto> {
    return TenantDto.from(await this.tenants.update(id, dto, expected));
  }

  /** Remove a tenant, with all its data; its slug is never given out again */
  @Delete(':id')
  @HttpCode(204)
  @Allow('tenants:delete')
  @OwnedBy(TenantsService)
  @StepUp()
  remove(
    @Param() { id }: IdParam,
    @Query() { confirm }: DeleteTenantQueryDto,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<void> {
    return this.tenants.remove(id, confirm, expected);
  }

  /** Shut the tenant's callers out, or let them only read, until it is resumed */
  @Post(':id/suspend')
  @HttpCode(200)
  @Allow('tenants:update')
  @OwnedBy(TenantsService)
  @ApiBody({ type: SuspendTenantDto, required: false })
  async suspend(@Param() { id }: IdParam, @Body() dto: SuspendTenantDto = {}): Promise<TenantDto> {
    return TenantDto.from(await this.tenants.suspend(id, dto));
  }

  /** Let the tenant's callers in again */
  @Post(':id/resume')
  @HttpCode(200)
  @Allow('tenants:update')
  @OwnedBy(TenantsService)
  async resume(@Param() { id }: IdParam): Promise<TenantDto> {
    return TenantDto.from(await this.tenants.resume(id));
  }
}
