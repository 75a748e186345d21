import { Controller, Get } from '@nestjs/common';
import type { Actor } from '../../kernel/actor.js';
import { Authenticated, CurrentActor } from '../http/route.js';
import { MeDto } from './me.dto.js';
import { MeService } from './me.service.js';

@Controller({ path: 'me', version: '1' })
export class MeController {
  constructor(private readonly me: MeService) {}

  /** Who you are, and what you may do */
  @Get()
  @Authenticated({ programs: true })
  async get(@CurrentActor() actor: Actor): Promise<MeDto> {
    return this.me.describe(actor);
  }
}
