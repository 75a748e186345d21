import { Injectable } from '@nestjs/common';
import type { Actor } from '../../kernel/actor.js';
import { UnauthenticatedError } from '../../kernel/errors.js';
import { AccountStores } from './accounts/account-stores.js';
import { MeDto } from './me.dto.js';

/** Tells callers who they are. */
@Injectable()
export class MeService {
  constructor(private readonly stores: AccountStores) {}

  async describe(actor: Actor): Promise<MeDto> {
    const account = await this.stores.of(actor).accounts.get(actor.id);
    const tenant = await this.stores.findRealm(actor.tenantId);
    if (tenant === undefined) throw new UnauthenticatedError();
    return MeDto.from(actor, account, tenant);
  }
}
