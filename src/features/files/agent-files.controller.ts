import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Allow, IdParam, OwnedBy } from '../../platform/http/route.js';
import { AgentsService } from '../agents/agents.service.js';
import { FileDto, FileFieldsDto, FilePageDto, FileQueryDto } from './files.dto.js';
import { FilesService } from './files.service.js';
import type { ReceivedFile } from './upload/received-file.js';
import { Received, TakesFile } from './upload/upload.decorators.js';

@ApiTags('files')
@ApiBearerAuth()
@Controller({ path: 'agents/:id/files', version: '1' })
export class AgentFilesController {
  constructor(private readonly files: FilesService) {}

  /** Attach a file to an agent */
  @Post()
  @Allow('files:create')
  @OwnedBy(AgentsService)
  @TakesFile()
  async create(
    @Param() { id }: IdParam,
    @Body() { label }: FileFieldsDto,
    @Received() received: ReceivedFile,
    @Res({ passthrough: true }) response: Response,
  ): Promise<FileDto> {
    const file = await this.files.attachToAgent(id, received, label);
    response.location(`/v1/files/${file.id}`);
    return FileDto.from(file);
  }

  /** List the files attached to an agent */
  @Get()
  @Allow('files:read')
  @OwnedBy(AgentsService)
  async list(@Param() { id }: IdParam, @Query() query: FileQueryDto): Promise<FilePageDto> {
    return FilePageDto.from(await this.files.listOfAgent(id, FileQueryDto.toPageRequest(query)));
  }
}
