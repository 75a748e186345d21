import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../kernel/actor.js';
import { pageRequest } from '../../platform/http/page-request.js';
import { Allow, Created, CurrentActor, IdParam, OwnedBy } from '../../platform/http/route.js';
import { AgentsService } from '../agents/agents.service.js';
import { FileDto, FileFieldsDto, FilePageDto, FileQueryDto } from './files.dto.js';
import { FilesService } from './files.service.js';
import type { ReceivedFile } from './upload/received-file.js';
import { Received, TakesFile } from './upload/upload.decorators.js';

@ApiTags('Files')
@Controller({ path: 'agents/:id/files', version: '1' })
export class AgentFilesController {
  constructor(private readonly files: FilesService) {}

  /** Attach a file to an agent */
  @Post()
  @Allow('files:create')
  @OwnedBy(AgentsService)
  @Created('/v1/files')
  @TakesFile()
  async create(
    @Param() { id }: IdParam,
    @Body() { label }: FileFieldsDto,
    @Received() received: ReceivedFile,
    @CurrentActor() reader: Actor,
  ): Promise<FileDto> {
    return FileDto.from(await this.files.attachToAgent(id, received, label), reader);
  }

  /** List the files attached to an agent */
  @Get()
  @Allow('files:read')
  @OwnedBy(AgentsService)
  async list(
    @Param() { id }: IdParam,
    @Query() query: FileQueryDto,
    @CurrentActor() reader: Actor,
  ): Promise<FilePageDto> {
    return FilePageDto.from(await this.files.listOfAgent(id, pageRequest(query)), (file) =>
      FileDto.from(file, reader),
    );
  }
}
