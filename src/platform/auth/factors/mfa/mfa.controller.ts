import { Body, Controller, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import { Public, TightLimit } from '../../../http/route.js';
import { TokenPairDto } from '../../auth.dto.js';
import { CREATION_OPTIONS, REQUEST_OPTIONS } from '../passkeys/options-schema.js';
import { EnrolledDto, EnrolPasskeyDto, EnrolTotpDto, MfaDto, MfaTokenDto, TotpOfferDto } from './mfa.dto.js';
import { MfaEnrolmentService } from './mfa-enrolment.service.js';
import { MfaService } from './mfa.service.js';

@ApiTags('Auth')
@Controller({ path: 'auth/mfa', version: '1' })
export class MfaController {
  constructor(
    private readonly mfa: MfaService,
    private readonly enrolment: MfaEnrolmentService,
  ) {}

  /** Finish a sign-in with the second factor */
  @Post()
  @HttpCode(200)
  @Public()
  @TightLimit('login')
  async complete(@Body() dto: MfaDto, @Ip() address: string): Promise<TokenPairDto> {
    return this.mfa.complete(dto, address);
  }

  /** Ask for what a browser needs to finish a sign-in with a passkey */
  @Post('passkey/options')
  @HttpCode(200)
  @Public()
  @TightLimit('login')
  @ApiOkResponse(REQUEST_OPTIONS)
  async passkeyOptions(@Body() { mfaToken }: MfaTokenDto): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return this.mfa.passkeyOptions(mfaToken);
  }

  /** Begin to enrol an authenticator app, where a sign-in needs a second factor first */
  @Post('enrolment/totp')
  @HttpCode(200)
  @Public()
  @TightLimit('login')
  async beginTotp(@Body() { mfaToken }: MfaTokenDto): Promise<TotpOfferDto> {
    return this.enrolment.beginTotp(mfaToken);
  }

  /** Enrol the authenticator app by its first code, and finish the sign-in */
  @Post('enrolment/totp/confirm')
  @HttpCode(200)
  @Public()
  @TightLimit('login')
  async confirmTotp(@Body() dto: EnrolTotpDto, @Ip() address: string): Promise<EnrolledDto> {
    return this.enrolment.confirmTotp(dto, address);
  }

  /** Ask for what a browser needs to make a passkey, where a sign-in needs a second factor first */
  @Post('enrolment/passkey/options')
  @HttpCode(200)
  @Public()
  @TightLimit('login')
  @ApiOkResponse(CREATION_OPTIONS)
  async beginPasskey(@Body() { mfaToken }: MfaTokenDto): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return this.enrolment.beginPasskey(mfaToken);
  }

  /** Register the passkey, and finish the sign-in */
  @Post('enrolment/passkey')
  @HttpCode(200)
  @Public()
  @TightLimit('login')
  async registerPasskey(@Body() dto: EnrolPasskeyDto, @Ip() address: string): Promise<EnrolledDto> {
    return this.enrolment.registerPasskey(dto, address);
  }
}
