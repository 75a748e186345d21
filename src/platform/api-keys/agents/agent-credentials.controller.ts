import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../../kernel/actor.js';
import type { ExpectedVersions } from '../../../kernel/version.js';
import { Allow, Created, CurrentActor, IdParam, IfMatch, OwnedBy, StepUp } from '../../http/route.js';
import {
  AgentCredentialDto,
  AgentCredentialPageDto,
  AgentCredentialQueryDto,
  CreateAgentCredentialDto,
} from './agent-credentials.dto.js';
import { AgentCredentialsService } from './agent-credentials.service.js';

@ApiTags('Agent credentials')
@Controller({ path: 'agent-credentials', version: '1' })
export class AgentCredentialsController {
  constructor(private readonly credentials: AgentCredentialsService) {}

  /** List the credentials of agents that you may see */
  @Get()
  @Allow('agent_credentials:read')
  async list(
    @Query() query: AgentCredentialQueryDto,
    @CurrentActor() reader: Actor,
  ): Promise<AgentCredentialPageDto> {
    const found = await this.credentials.list(query);
    return AgentCredentialPageDto.from(found, (one) => AgentCredentialDto.from(one, reader));
  }

  /** Register a public key by whose private half a software agent gets tokens */
  @Post()
  @Created()
  @StepUp()
  @Allow('agent_credentials:create')
  async create(
    @Body() dto: CreateAgentCredentialDto,
    @CurrentActor() reader: Actor,
  ): Promise<AgentCredentialDto> {
    return AgentCredentialDto.from(await this.credentials.create(dto), reader);
  }

  /** Read one credential of an agent */
  @Get(':id')
  @Allow('agent_credentials:read')
  @OwnedBy(AgentCredentialsService)
  async get(@Param() { id }: IdParam, @CurrentActor() reader: Actor): Promise<AgentCredentialDto> {
    return AgentCredentialDto.from(await this.credentials.get(id), reader);
  }

  /** Revoke a credential; tokens that were given for it end within a second */
  @Delete(':id')
  @HttpCode(204)
  @Allow('agent_credentials:delete')
  @OwnedBy(AgentCredentialsService)
  remove(@Param() { id }: IdParam, @IfMatch() expected: ExpectedVersions): Promise<void> {
    return this.credentials.remove(id, expected);
  }
}
