import { Body, Controller, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { Actor } from '../../../../kernel/actor.js';
import { Authenticated, CurrentActor, TightLimit, Unkeyed, WhileReadOnly } from '../../../http/route.js';
import { REQUEST_OPTIONS } from '../passkeys/options-schema.js';
import { StepUpDto, SteppedUpDto } from './step-up.dto.js';
import { StepUpService } from './step-up.service.js';

@ApiTags('Auth')
@Controller({ path: 'auth/step-up', version: '1' })
export class StepUpController {
  constructor(private readonly stepUps: StepUpService) {}

  /** Prove yourself anew; for five minutes your session may do what needs a fresh proof */
  @Post()
  @Unkeyed()
  @HttpCode(200)
  @Authenticated()
  @WhileReadOnly()
  @TightLimit('login')
  async prove(
    @CurrentActor() actor: Actor,
    @Body() dto: StepUpDto,
    @Ip() address: string,
  ): Promise<SteppedUpDto> {
    return this.stepUps.stepUp(actor, dto, address);
  }

  /** Ask for what a browser needs to prove you anew with a passkey */
  @Post('passkey/options')
  @Unkeyed()
  @HttpCode(200)
  @Authenticated()
  @WhileReadOnly()
  @ApiOkResponse(REQUEST_OPTIONS)
  async passkeyOptions(@CurrentActor() actor: Actor): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return this.stepUps.passkeyOptions(actor);
  }
}
