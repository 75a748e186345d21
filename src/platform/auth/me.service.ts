import { Injectable } from '@nestjs/common';
import type { Actor } from '../../kernel/actor.js';
import { UnauthenticatedError } from '../../kernel/errors.js';
import { ApiKeysRepository } from '../api-keys/api-keys.repository.js';
import { AccountStores } from './accounts/account-stores.js';
import { MeDto, type Named } from './me.dto.js';

/** Tells callers who they are. */
@Injectable()
export class MeService {
  constructor(
    private readonly stores: AccountStores,
    private readonly apiKeys: ApiKeysRepository,
  ) {}

  async describe(actor: Actor): Promise<MeDto> {
    const tenant = await this.stores.findRealm(actor.tenantId);
    if (tenant === undefined) throw new UnauthenticatedError();
    return MeDto.from(actor, await this.named(actor), tenant);
  }

  /** Throws UnauthenticatedError when the caller was removed meanwhile. */
  private async named(actor: Actor): Promise<Named> {
    if (actor.isPerson) return this.stores.of(actor).accounts.get(actor.id);
    const key = await this.apiKeys.findGood(actor.id);
    if (!key) throw new UnauthenticatedError();
    return key;
  }
}
