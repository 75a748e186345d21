import { Controller, Delete, Get, HttpCode, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Actor } from '../../kernel/actor.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import { Allow, CurrentActor, IdParam, IfMatch, OwnedBy } from '../../platform/http/route.js';
import { sendContent } from './content/content-response.js';
import { FileDto } from './files.dto.js';
import { FilesService } from './files.service.js';

@ApiTags('Files')
@Controller({ path: 'files', version: '1' })
export class FilesController {
  constructor(private readonly files: FilesService) {}

  /** Get what is known of a file */
  @Get(':id')
  @Allow('files:read')
  @OwnedBy(FilesService)
  async get(@Param() { id }: IdParam, @CurrentActor() reader: Actor): Promise<FileDto> {
    return FileDto.from(await this.files.get(id), reader);
  }

  /** Get the content of a file, whole or one range of its bytes */
  @Get(':id/content')
  @Allow('files:read')
  @OwnedBy(FilesService)
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ description: 'The content', schema: { type: 'string', format: 'binary' } })
  @ApiResponse({
    status: 206,
    description: 'The range asked for',
    schema: { type: 'string', format: 'binary' },
  })
  @ApiResponse({ status: 304, description: 'The content has not changed' })
  @ApiResponse({ status: 409, description: 'The file waits for the virus scanner' })
  @ApiResponse({ status: 416, description: 'The range lies outside the content' })
  async getContent(
    @Param() { id }: IdParam,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const file = await this.files.getServable(id);
    await sendContent(request, response, file, (range) => this.files.read(file, range));
  }

  /** Remove a file and its content */
  @Delete(':id')
  @HttpCode(204)
  @Allow('files:delete')
  @OwnedBy(FilesService)
  remove(@Param() { id }: IdParam, @IfMatch() expected: ExpectedVersions): Promise<void> {
    return this.files.remove(id, expected);
  }
}
