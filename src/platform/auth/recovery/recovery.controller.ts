import { Body, Controller, HttpCode, Ip, Post } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import { Authenticated, CurrentActor, Public, TightLimit } from '../../http/route.js';
import { EmailChangeService } from './email-change.service.js';
import { PasswordResetService } from './password-reset.service.js';
import { ChangeEmailDto, ConfirmEmailDto, ForgotPasswordDto, ResetPasswordDto } from './recovery.dto.js';

@Controller({ path: 'auth', version: '1' })
export class RecoveryController {
  constructor(
    private readonly resets: PasswordResetService,
    private readonly emails: EmailChangeService,
  ) {}

  /** Ask for a link by which to choose a new password; the answer is the same whether or not there is such an account */
  @Post('password/forgot')
  @HttpCode(202)
  @Public()
  @TightLimit('login')
  forgot(@Body() dto: ForgotPasswordDto): void {
    this.resets.request(dto);
  }

  /** Choose a new password by the link's token; all sessions end, and nobody is signed in by it */
  @Post('password/reset')
  @HttpCode(204)
  @Public()
  @TightLimit('login')
  async reset(@Body() dto: ResetPasswordDto): Promise<void> {
    return this.resets.reset(dto);
  }

  /** Ask for another e-mail address; it counts once the link that is mailed there is opened */
  @Post('email')
  @HttpCode(202)
  @Authenticated()
  @TightLimit('login')
  async changeEmail(
    @CurrentActor() actor: Actor,
    @Body() dto: ChangeEmailDto,
    @Ip() address: string,
  ): Promise<void> {
    return this.emails.request(actor, dto, address);
  }

  /** Confirm the new e-mail address by the link's token */
  @Post('email/confirm')
  @HttpCode(204)
  @Public()
  @TightLimit('login')
  async confirmEmail(@Body() dto: ConfirmEmailDto): Promise<void> {
    return this.emails.confirm(dto);
  }
}
