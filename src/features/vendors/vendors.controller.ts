import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../kernel/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { toPageDto } from '../../platform/http/page.dto.js';
import { Allow, CurrentActor, IdParam, OwnedBy } from '../../platform/http/route.js';
import type { ExpectedVersion } from '../../platform/tenancy/tenant.repository.js';
import { CreateVendorDto, UpdateVendorDto, VendorDto, VendorPageDto, VendorQueryDto } from './vendors.dto.js';
import { VendorsService } from './vendors.service.js';

@ApiTags('Vendors')
@Controller({ path: 'vendors', version: '1' })
export class VendorsController {
  constructor(private readonly vendors: VendorsService) {}

  @Get()
  @Allow('vendors:read')
  async list(@Query() query: VendorQueryDto, @CurrentActor() reader: Actor): Promise<VendorPageDto> {
    return toPageDto(await this.vendors.list(query), (vendor) => VendorDto.from(vendor, reader));
  }

  @Post()
  @Allow('vendors:create')
  async create(@Body() dto: CreateVendorDto, @CurrentActor() reader: Actor): Promise<VendorDto> {
    return VendorDto.from(await this.vendors.create(dto), reader);
  }

  @Get(':id')
  @Allow('vendors:read')
  @OwnedBy(VendorsService)
  async get(@Param() { id }: IdParam, @CurrentActor() reader: Actor): Promise<VendorDto> {
    return VendorDto.from(await this.vendors.getVisible(id), reader);
  }

  @Patch(':id')
  @Allow('vendors:update')
  @OwnedBy(VendorsService)
  async update(
    @Param() { id }: IdParam,
    @Body() dto: UpdateVendorDto,
    @IfMatch() expected: ExpectedVersion,
    @CurrentActor() reader: Actor,
  ): Promise<VendorDto> {
    return VendorDto.from(await this.vendors.update(id, dto, expected), reader);
  }

  @Delete(':id')
  @HttpCode(204)
  @Allow('vendors:delete')
  @OwnedBy(VendorsService)
  remove(@Param() { id }: IdParam, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.vendors.remove(id, expected);
  }
}
