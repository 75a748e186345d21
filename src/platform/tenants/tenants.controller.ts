import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allow, Created, IdParam, IfMatch, OwnedBy } from '../http/route.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import {
  CreatedTenantDto,
  CreateTenantDto,
  DeleteTenantQueryDto,
  TenantDto,
  TenantPageDto,
  TenantQueryDto,
  UpdateTenantDto,
} from './tenants.dto.js';
import { TenantsService } from './tenants.service.js';

@ApiTags('Tenants')
@Controller({ path: 'tenants', version: '1' })
export class TenantsController {
  constructor(private readonly tenants: TenantsService) {}

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
  remove(
    @Param() { id }: IdParam,
    @Query() { confirm }: DeleteTenantQueryDto,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<void> {
    return this.tenants.remove(id, confirm, expected);
  }

  /** Shut the tenant's callers out, until it is resumed */
  @Post(':id/suspend')
  @HttpCode(200)
  @Allow('tenants:update')
  @OwnedBy(TenantsService)
  async suspend(@Param() { id }: IdParam): Promise<TenantDto> {
    return TenantDto.from(await this.tenants.suspend(id));
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
