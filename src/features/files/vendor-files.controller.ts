import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../kernel/actor.js';
import { pageRequest } from '../../platform/http/page-request.js';
import { Allow, Created, CurrentActor, IdParam, OwnedBy } from '../../platform/http/route.js';
import { VendorsService } from '../vendors/vendors.service.js';
import { FileDto, FileFieldsDto, FilePageDto, FileQueryDto } from './files.dto.js';
import { FilesService } from './files.service.js';
import type { ReceivedFile } from './upload/received-file.js';
import { Received, TakesFile } from './upload/upload.decorators.js';

@ApiTags('Files')
@Controller({ path: 'vendors/:id/files', version: '1' })
export class VendorFilesController {
  constructor(private readonly files: FilesService) {}

  /** Attach a file to a vendor */
  @Post()
  @Allow('files:create')
  @OwnedBy(VendorsService)
  @Created('/v1/files')
  @TakesFile()
  async create(
    @Param() { id }: IdParam,
    @Body() { label }: FileFieldsDto,
    @Received() received: ReceivedFile,
    @CurrentActor() reader: Actor,
  ): Promise<FileDto> {
    return FileDto.from(await this.files.attachToVendor(id, received, label), reader);
  }

  /** List the files attached to a vendor */
  @Get()
  @Allow('files:read')
  @OwnedBy(VendorsService)
  async list(
    @Param() { id }: IdParam,
    @Query() query: FileQueryDto,
    @CurrentActor() reader: Actor,
  ): Promise<FilePageDto> {
    return FilePageDto.from(await this.files.listOfVendor(id, pageRequest(query)), (file) =>
      FileDto.from(file, reader),
    );
  }
}
