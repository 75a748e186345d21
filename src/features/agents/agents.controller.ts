import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../kernel/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { toPageDto } from '../../platform/http/page.dto.js';
import { Allow, CurrentActor, IdParam, OwnedBy } from '../../platform/http/route.js';
import type { ExpectedVersion } from '../../platform/tenancy/tenant.repository.js';
import { CreateAgentDto, UpdateAgentDto, AgentDto, AgentPageDto, AgentQueryDto } from './agents.dto.js';
import { AgentsService } from './agents.service.js';

@ApiTags('Agents')
@Controller({ path: 'agents', version: '1' })
export class AgentsController {
  constructor(private readonly agents: AgentsService) {}

  @Get()
  @Allow('agents:read')
  async list(@Query() query: AgentQueryDto, @CurrentActor() reader: Actor): Promise<AgentPageDto> {
    return toPageDto(await this.agents.list(query), (agent) => AgentDto.from(agent, reader));
  }

  @Post()
  @Allow('agents:create')
  async create(@Body() dto: CreateAgentDto, @CurrentActor() reader: Actor): Promise<AgentDto> {
    return AgentDto.from(await this.agents.create(dto), reader);
  }

  @Get(':id')
  @Allow('agents:read')
  @OwnedBy(AgentsService)
  async get(@Param() { id }: IdParam, @CurrentActor() reader: Actor): Promise<AgentDto> {
    return AgentDto.from(await this.agents.getVisible(id), reader);
  }

  @Patch(':id')
  @Allow('agents:update')
  @OwnedBy(AgentsService)
  async update(
    @Param() { id }: IdParam,
    @Body() dto: UpdateAgentDto,
    @IfMatch() expected: ExpectedVersion,
    @CurrentActor() reader: Actor,
  ): Promise<AgentDto> {
    return AgentDto.from(await this.agents.update(id, dto, expected), reader);
  }

  @Delete(':id')
  @HttpCode(204)
  @Allow('agents:delete')
  @OwnedBy(AgentsService)
  remove(@Param() { id }: IdParam, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.agents.remove(id, expected);
  }
}
