import { Body, Controller, Delete, Get, HttpCode, Ip, Param, Post, Put } from '@nestjs/common';
import type { Actor } from '../../kernel/actor.js';
import { Authenticated, CurrentActor, IdParam, Public, TightLimit, WhileReadOnly } from '../http/route.js';
import { ChangePasswordDto, LoginDto, RefreshDto, TokenPairDto } from './auth.dto.js';
import type { SignedIn } from './factors/mfa/sign-in.service.js';
import { SignedInResponse } from './factors/mfa/signed-in.response.js';
import { LoginService } from './login.service.js';
import { PasswordsService } from './passwords/passwords.service.js';
import { SessionDto, SessionPageDto } from './sessions/sessions.dto.js';
import { SessionsService } from './sessions/sessions.service.js';

@Controller({ path: 'auth', version: '1' })
export class AuthController {
  constructor(
    private readonly logins: LoginService,
    private readonly sessions: SessionsService,
    private readonly passwords: PasswordsService,
  ) {}

  /** Sign in */
  @Post('login')
  @HttpCode(200)
  @Public()
  @TightLimit('login')
  @SignedInResponse()
  async login(@Body() dto: LoginDto, @Ip() address: string): Promise<SignedIn> {
    return this.logins.login(dto, address);
  }

  /** Exchange a refresh token for the next pair of tokens; using one twice ends the session */
  @Post('refresh')
  @HttpCode(200)
  @Public()
  @TightLimit('login')
  async refresh(@Body() { refreshToken }: RefreshDto): Promise<TokenPairDto> {
    return this.sessions.refresh(refreshToken);
  }

  /** Sign out: end this session */
  @Post('logout')
  @HttpCode(204)
  @Authenticated()
  @WhileReadOnly()
  async logout(@CurrentActor() actor: Actor): Promise<void> {
    return this.sessions.endCurrent(actor);
  }

  /** List your sessions */
  @Get('sessions')
  @Authenticated()
  async listSessions(@CurrentActor() actor: Actor): Promise<SessionPageDto> {
    return SessionPageDto.from(await this.sessions.list(actor), (session) =>
      SessionDto.from(session, actor.sessionId),
    );
  }

  /** End one of your sessions */
  @Delete('sessions/:id')
  @HttpCode(204)
  @Authenticated()
  @WhileReadOnly()
  async endSession(@CurrentActor() actor: Actor, @Param() { id }: IdParam): Promise<void> {
    return this.sessions.end(actor, id);
  }

  /** Change your password; your other sessions end */
  @Put('password')
  @HttpCode(204)
  @Authenticated()
  @TightLimit('login')
  async changePassword(
    @CurrentActor() actor: Actor,
    @Body() dto: ChangePasswordDto,
    @Ip() address: string,
  ): Promise<void> {
    return this.passwords.change(actor, dto, address);
  }
}
