import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../kernel/actor.js';
import { Allow, Created, CurrentActor, IdParam, IfMatch, OwnedBy } from '../../platform/http/route.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import { CreateAgentDto, UpdateAgentDto, AgentDto, AgentPageDto, AgentQueryDto } from './agents.dto.js';
import { AgentsService } from './agents.service.js';

@ApiTags('Agents')
@Controller({ path: 'agents', version: '1' })
export class AgentsController {
  constructor(private readonly agents: AgentsService) {}

  /** List the agents that you may see */
  @Get()
  @Allow('agents:read')
  async list(@Query() query: AgentQueryDto, @CurrentActor() reader: Actor): Promise<AgentPageDto> {
    return AgentPageDto.from(await this.agents.list(query), (agent) => AgentDto.from(agent, reader));
  }

  /** Make an agent */
  @Post()
  @Created()
  @Allow('agents:create')
  async create(@Body() dto: CreateAgentDto, @CurrentActor() reader: Actor): Promise<AgentDto> {
    return AgentDto.from(await this.agents.create(dto), reader);
  }

  /** Read one agent */
  @Get(':id')
  @Allow('agents:read')
  @OwnedBy(AgentsService)
  async get(@Param() { id }: IdParam, @CurrentActor() reader: Actor): Promise<AgentDto> {
    return AgentDto.from(await this.agents.getVisible(id), reader);
  }

  /** Change the fields that are sent */
  @Patch(':id')
  @Allow('agents:update')
  @OwnedBy(AgentsService)
  async update(
    @Param() { id }: IdParam,
    @Body() dto: UpdateAgentDto,
    @IfMatch() expected: ExpectedVersions,
    @CurrentActor() reader: Actor,
  ): Promise<AgentDto> {
    return AgentDto.from(await this.agents.update(id, dto, expected), reader);
  }

  /** Remove an agent, with its files */
  @Delete(':id')
  @HttpCode(204)
  @Allow('agents:delete')
  @OwnedBy(AgentsService)
  remove(@Param() { id }: IdParam, @IfMatch() expected: ExpectedVersions): Promise<void> {
    return this.agents.remove(id, expected);
  }
}
