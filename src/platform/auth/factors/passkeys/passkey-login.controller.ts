import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { Public, TightLimit } from '../../../http/route.js';
import { TokenPairDto } from '../../auth.dto.js';
import { REQUEST_OPTIONS } from './options-schema.js';
import { PasskeyLoginDto, PasskeyLoginOptionsDto } from './passkey-login.dto.js';
import { PasskeyLoginService } from './passkey-login.service.js';

@ApiTags('Auth')
@Controller({ path: 'auth/login/passkey', version: '1' })
export class PasskeyLoginController {
  constructor(private readonly logins: PasskeyLoginService) {}

  /** Ask for what a browser needs to sign in with a passkey alone */
  @Post('options')
  @HttpCode(200)
  @Public()
  @TightLimit('login')
  @ApiOkResponse(REQUEST_OPTIONS)
  async options(@Body() { tenant }: PasskeyLoginOptionsDto): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return this.logins.options(tenant);
  }

  /** Sign in with a passkey alone */
  @Post()
  @HttpCode(200)
  @Public()
  @TightLimit('login')
  async login(@Body() dto: PasskeyLoginDto): Promise<TokenPairDto> {
    return this.logins.login(dto);
  }
}
