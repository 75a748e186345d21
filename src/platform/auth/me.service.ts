import { Injectable } from '@nestjs/common';
import type { Actor } from '../../kernel/actor.js';
import { UnauthenticatedError } from '../../kernel/errors.js';
import { AgentCredentialsRepository } from '../api-keys/agents/agent-credentials.repository.js';
import { ApiKeysRepository } from '../api-keys/api-keys.repository.js';
import { AccountStores } from './accounts/account-stores.js';
import { MeDto, type Named } from './me.dto.js';

/** Tells callers who they are. */
@Injectable()
export class MeService {
  constructor(
    private readonly stores: AccountStores,
    private readonly apiKeys: ApiKeysRepository,
    private readonly credentials: AgentCredentialsRepository,
  ) {}

  async describe(actor: Actor): Promise<MeDto> {
    const tenant = await this.stores.findRealm(actor.tenantId);
    if (tenant === undefined) throw new UnauthenticatedError();
    return MeDto.from(actor, await this.named(actor), tenant);
  }

  /** Throws UnauthenticatedError when the caller was removed meanwhile. */
  private async named(actor: Actor): Promise<Named> {
    if (actor.isPerson) return this.stores.of(actor).accounts.get(actor.id);
    const program = await this.programOf(actor);
    if (!program) throw new UnauthenticatedError();
    return program;
  }

  private async programOf({ kind, id, sessionId }: Actor): Promise<Named | null> {
    if (kind === 'api_key') return this.apiKeys.findGood(id);
    const good = await this.credentials.findGood(sessionId, id);
    return good ? { name: good.agentName } : null;
  }
}
