import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Public, TightLimit } from '../../http/route.js';
import type { SignedIn } from '../factors/mfa/sign-in.service.js';
import { SignedInResponse } from '../factors/mfa/signed-in.response.js';
import { AcceptInvitationDto } from './invitations.dto.js';
import { InvitationsService } from './invitations.service.js';

@Controller({ path: 'invitations', version: '1' })
export class InvitationsController {
  constructor(private readonly invitations: InvitationsService) {}

  /** Set the password of the invited account, and sign in */
  @Post('accept')
  @HttpCode(200)
  @Public()
  @TightLimit('login')
  @SignedInResponse()
  async accept(@Body() dto: AcceptInvitationDto): Promise<SignedIn> {
    return this.invitations.accept(dto);
  }
}
