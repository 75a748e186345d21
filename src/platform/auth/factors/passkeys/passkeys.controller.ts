import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import type { Actor } from '../../../../kernel/actor.js';
import {
  Authenticated,
  Created,
  CurrentActor,
  IdParam,
  StepUp,
  TightLimit,
  Unkeyed,
} from '../../../http/route.js';
import { OwnFactorsService } from '../own-factors.service.js';
import { RegisterPasskeyDto } from '../mfa/mfa.dto.js';
import { CREATION_OPTIONS } from './options-schema.js';
import { PasskeyDto, PasskeyPageDto, RegisteredPasskeyDto } from './passkeys.dto.js';

@ApiTags('Auth')
@Controller({ path: 'auth/passkeys', version: '1' })
export class PasskeysController {
  constructor(private readonly factors: OwnFactorsService) {}

  /** List your passkeys, oldest first */
  @Get()
  @Authenticated()
  async list(@CurrentActor() actor: Actor): Promise<PasskeyPageDto> {
    return PasskeyPageDto.from(await this.factors.listPasskeys(actor), (passkey) => PasskeyDto.from(passkey));
  }

  /** Ask for what a browser needs to make a passkey */
  @Post('options')
  @Unkeyed()
  @HttpCode(200)
  @Authenticated()
  @StepUp()
  @ApiOkResponse(CREATION_OPTIONS)
  async options(@CurrentActor() actor: Actor): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return this.factors.beginPasskey(actor);
  }

  /** Register a passkey; your other sessions end */
  @Post()
  @Unkeyed()
  @Created()
  @Authenticated()
  @StepUp()
  @TightLimit('login')
  async register(
    @CurrentActor() actor: Actor,
    @Body() dto: RegisterPasskeyDto,
  ): Promise<RegisteredPasskeyDto> {
    return this.factors.registerPasskey(actor, dto);
  }

  /** Remove one of your passkeys; your other sessions end */
  @Delete(':id')
  @HttpCode(204)
  @Authenticated()
  @StepUp()
  async remove(@CurrentActor() actor: Actor, @Param() { id }: IdParam): Promise<void> {
    return this.factors.removePasskey(actor, id);
  }
}
