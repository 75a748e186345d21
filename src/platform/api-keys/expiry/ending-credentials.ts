import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/audit-trail.js';
import { AgentCredentialsRepository } from '../agents/agent-credentials.repository.js';
import { ApiKeysRepository } from '../api-keys.repository.js';
import type { EndingKey } from './ending-keys.js';

/** A credential whose end was announced just now. */
export type EndingCredential = EndingKey & { type: 'api_key' | 'agent_credential' };

/** Announces in the log of a tenant that keys end. */
@Injectable()
export class EndingCredentials {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly agents: AgentCredentialsRepository,
    private readonly audit: AuditTrail,
  ) {}

  /** Announces what is due in the tenant bound to the call. What is announced and that it was stand or fall together. */
  announce(): Promise<EndingCredential[]> {
    return this.keys.together(async () => {
      const ending: EndingCredential[] = [];
      for (const key of await this.keys.announceEnding()) ending.push({ ...key, type: 'api_key' });
      for (const one of await this.agents.announceEnding()) ending.push({ ...one, type: 'agent_credential' });
      for (const { type, id, vendorId, days } of ending)
        await this.audit.record({
          action: 'authn_token_expiring',
          outcome: 'success',
          target: { type, id },
          detail: { vendorId, days },
        });
      return ending;
    });
  }
}
