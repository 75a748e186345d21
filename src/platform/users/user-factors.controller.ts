import { Controller, Delete, HttpCode, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../kernel/actor.js';
import { FactorResetService } from '../auth/factors/factor-reset.service.js';
import { Allow, CurrentActor, IdParam, OwnedBy, StepUp } from '../http/route.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller({ path: 'users', version: '1' })
export class UserFactorsController {
  constructor(private readonly factors: FactorResetService) {}

  /** Take all second factors off a user who lost them, and end their sessions */
  @Delete(':id/factors')
  @HttpCode(204)
  @Allow('users:update')
  @OwnedBy(UsersService)
  @StepUp()
  async reset(@CurrentActor() actor: Actor, @Param() { id }: IdParam): Promise<void> {
    return this.factors.reset(actor, id);
  }
}
