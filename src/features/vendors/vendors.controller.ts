import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../kernel/actor.js';
import { Allow, Created, CurrentActor, IdParam, IfMatch, OwnedBy } from '../../platform/http/route.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import { CreateVendorDto, UpdateVendorDto, VendorDto, VendorPageDto, VendorQueryDto } from './vendors.dto.js';
import { VendorsService } from './vendors.service.js';

@ApiTags('Vendors')
@Controller({ path: 'vendors', version: '1' })
export class VendorsController {
  constructor(private readonly vendors: VendorsService) {}

  /** List the vendors that you may see */
  @Get()
  @Allow('vendors:read')
  async list(@Query() query: VendorQueryDto, @CurrentActor() reader: Actor): Promise<VendorPageDto> {
    return VendorPageDto.from(await this.vendors.list(query), (vendor) => VendorDto.from(vendor, reader));
  }

  /** Make a vendor */
  @Post()
  @Created()
  @Allow('vendors:create')
  async create(@Body() dto: CreateVendorDto, @CurrentActor() reader: Actor): Promise<VendorDto> {
    return VendorDto.from(await this.vendors.create(dto), reader);
  }

  /** Read one vendor */
  @Get(':id')
  @Allow('vendors:read')
  @OwnedBy(VendorsService)
  async get(@Param() { id }: IdParam, @CurrentActor() reader: Actor): Promise<VendorDto> {
    return VendorDto.from(await this.vendors.getVisible(id), reader);
  }

  /** Change the fields that are sent */
  @Patch(':id')
  @Allow('vendors:update')
  @OwnedBy(VendorsService)
  async update(
    @Param() { id }: IdParam,
    @Body() dto: UpdateVendorDto,
    @IfMatch() expected: ExpectedVersions,
    @CurrentActor() reader: Actor,
  ): Promise<VendorDto> {
    return VendorDto.from(await this.vendors.update(id, dto, expected), reader);
  }

  /** Remove a vendor, with its agents and files */
  @Delete(':id')
  @HttpCode(204)
  @Allow('vendors:delete')
  @OwnedBy(VendorsService)
  remove(@Param() { id }: IdParam, @IfMatch() expected: ExpectedVersions): Promise<void> {
    return this.vendors.remove(id, expected);
  }
}
