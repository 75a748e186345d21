import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Allow, IdParam, OwnedBy } from '../../platform/http/route.js';
import { VendorsService } from '../vendors/vendors.service.js';
import { FileDto, FileFieldsDto, FilePageDto, FileQueryDto } from './files.dto.js';
import { FilesService } from './files.service.js';
import type { ReceivedFile } from './upload/received-file.js';
import { Received, TakesFile } from './upload/upload.decorators.js';

@ApiTags('files')
@ApiBearerAuth()
@Controller({ path: 'vendors/:id/files', version: '1' })
export class VendorFilesController {
  constructor(private readonly files: FilesService) {}

  /** Attach a file to a vendor */
  @Post()
  @Allow('files:create')
  @OwnedBy(VendorsService)
  @TakesFile()
  async create(
    @Param() { id }: IdParam,
    @Body() { label }: FileFieldsDto,
    @Received() received: ReceivedFile,
    @Res({ passthrough: true }) response: Response,
  ): Promise<FileDto> {
    const file = await this.files.attachToVendor(id, received, label);
    response.location(`/v1/files/${file.id}`);
    return FileDto.from(file);
  }

  /** List the files attached to a vendor */
  @Get()
  @Allow('files:read')
  @OwnedBy(VendorsService)
  async list(@Param() { id }: IdParam, @Query() query: FileQueryDto): Promise<FilePageDto> {
    return FilePageDto.from(await this.files.listOfVendor(id, FileQueryDto.toPageRequest(query)));
  }
}
