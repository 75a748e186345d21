import { Body, Controller, Delete, Get, HttpCode, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../../kernel/actor.js';
import { Allow, CurrentActor, WhileReadOnly } from '../../http/route.js';
import { GrantSupportAccessDto, SupportAccessDto } from './support-access.dto.js';
import { SupportAccessService } from './support-access.service.js';

@ApiTags('Support access')
@Controller({ path: 'support-access', version: '1' })
export class SupportAccessController {
  constructor(private readonly consents: SupportAccessService) {}

  /** Show whether operators may act as users of the tenant */
  @Get()
  @Allow('support_access:read')
  async get(): Promise<SupportAccessDto> {
    return SupportAccessDto.from(await this.consents.get());
  }

  /** Let operators act as users of the tenant for a while; what they began before ends */
  @Put()
  @Allow('support_access:update')
  async grant(@CurrentActor() actor: Actor, @Body() dto: GrantSupportAccessDto): Promise<SupportAccessDto> {
    return SupportAccessDto.from(await this.consents.grant(actor, dto));
  }

  /** Take the consent back; whatever operators do as users ends */
  @Delete()
  @HttpCode(204)
  @Allow('support_access:update')
  @WhileReadOnly()
  async withdraw(): Promise<void> {
    return this.consents.withdraw();
  }
}
