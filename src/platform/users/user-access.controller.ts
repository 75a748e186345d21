import { Controller, Delete, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../kernel/actor.js';
import { Allow, CurrentActor, IdParam, OwnedBy, StepUp } from '../http/route.js';
import { UserUnlockService } from './user-unlock.service.js';
import { UserDto } from './users.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller({ path: 'users', version: '1' })
export class UserAccessController {
  constructor(private readonly access: UserUnlockService) {}

  /** Let a locked user in again */
  @Post(':id/unlock')
  @HttpCode(200)
  @Allow('users:update')
  @OwnedBy(UsersService)
  async unlock(@Param() { id }: IdParam, @CurrentActor() reader: Actor): Promise<UserDto> {
    return UserDto.from(await this.access.unlock(id), reader);
  }

  /** Mail the user a link by which to choose a password; an older one is void */
  @Post(':id/invitation')
  @HttpCode(204)
  @Allow('users:update')
  @OwnedBy(UsersService)
  async invite(@Param() { id }: IdParam): Promise<void> {
    return this.access.invite(id);
  }

  /** Take all second factors off a user who lost them, and end their sessions */
  @Delete(':id/factors')
  @HttpCode(204)
  @Allow('users:update')
  @OwnedBy(UsersService)
  @StepUp()
  async resetFactors(@CurrentActor() actor: Actor, @Param() { id }: IdParam): Promise<void> {
    return this.access.resetFactors(actor, id);
  }
}
