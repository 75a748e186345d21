import { Body, Controller, Header, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiConsumes, ApiTags } from '@nestjs/swagger';
import { FormEncoded, Public, TightLimit, Unkeyed } from '../../http/route.js';
import { AgentTokenDto, AgentTokenRequestDto } from './agent-token.dto.js';
import { AgentTokenService } from './agent-token.service.js';

@ApiTags('Agent credentials')
@Controller({ path: 'auth', version: '1' })
export class AgentTokenController {
  constructor(private readonly tokens: AgentTokenService) {}

  /** Get an access token for a software agent (client credentials, RFC 6749, by a signed assertion, RFC 7523) */
  @Post('token')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiConsumes('application/x-www-form-urlencoded')
  @Public()
  @TightLimit('login')
  @Unkeyed()
  @FormEncoded()
  async create(@Body() dto: AgentTokenRequestDto, @Ip() address: string): Promise<AgentTokenDto> {
    return this.tokens.issue(dto, address);
  }
}
