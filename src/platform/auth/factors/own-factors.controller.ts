import { Body, Controller, Delete, Get, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../../kernel/actor.js';
import { Authenticated, CurrentActor, StepUp, TightLimit, Unkeyed } from '../../http/route.js';
import { FactorsDto, RecoveryCodesDto, TotpCodeDto, TotpOfferDto } from './mfa/mfa.dto.js';
import { OwnFactorsService } from './own-factors.service.js';

@ApiTags('Auth')
@Controller({ path: 'auth/mfa', version: '1' })
export class OwnFactorsController {
  constructor(private readonly factors: OwnFactorsService) {}

  /** Show which second factors you have, and until when you need one */
  @Get()
  @Authenticated()
  async get(@CurrentActor() actor: Actor): Promise<FactorsDto> {
    return this.factors.describe(actor);
  }

  /** Begin to enrol an authenticator app; it counts once a code of it is confirmed */
  @Post('totp')
  @Unkeyed()
  @HttpCode(200)
  @Authenticated()
  @StepUp()
  async beginTotp(@CurrentActor() actor: Actor): Promise<TotpOfferDto> {
    return this.factors.beginTotp(actor);
  }

  /** Enrol the authenticator app by its first code; older recovery codes are void, and your other sessions end */
  @Post('totp/confirm')
  @Unkeyed()
  @HttpCode(200)
  @Authenticated()
  @StepUp()
  @TightLimit('login')
  async confirmTotp(
    @CurrentActor() actor: Actor,
    @Body() { code }: TotpCodeDto,
    @Ip() address: string,
  ): Promise<RecoveryCodesDto> {
    return { recoveryCodes: await this.factors.confirmTotp(actor, code, address) };
  }

  /** Remove your authenticator app; your other sessions end */
  @Delete('totp')
  @HttpCode(204)
  @Authenticated()
  @StepUp()
  async removeTotp(@CurrentActor() actor: Actor): Promise<void> {
    return this.factors.removeTotp(actor);
  }

  /** Get ten new recovery codes; the older ones are void */
  @Post('recovery-codes')
  @Unkeyed()
  @HttpCode(200)
  @Authenticated()
  @StepUp()
  async renewRecoveryCodes(@CurrentActor() actor: Actor): Promise<RecoveryCodesDto> {
    return { recoveryCodes: await this.factors.renewRecoveryCodes(actor) };
  }
}
