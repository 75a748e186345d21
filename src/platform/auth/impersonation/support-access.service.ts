import { Injectable } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import { InvalidError } from '../../../kernel/errors.js';
import { AuditTrail } from '../../audit/audit-trail.js';
import { AccountStores } from '../accounts/account-stores.js';
import type { GrantSupportAccessDto } from './support-access.dto.js';
import type { SupportAccess } from './support-access.entity.js';
import { SupportAccessRepository } from './support-access.repository.js';

const LONGEST_MS = 30 * 24 * 3_600_000;

/** The tenant's consent that operators act as its users. Without it they never do. */
@Injectable()
export class SupportAccessService {
  constructor(
    private readonly consents: SupportAccessRepository,
    private readonly stores: AccountStores,
    private readonly audit: AuditTrail,
  ) {}

  get(): Promise<SupportAccess | null> {
    return this.consents.find();
  }

  /** Consents, or changes the consent; what operators began under the one before ends. Throws InvalidError. */
  async grant(actor: Actor, dto: GrantSupportAccessDto): Promise<SupportAccess> {
    const until = new Date(dto.until);
    const ahead = until.getTime() - Date.now();
    if (!(ahead > 0 && ahead <= LONGEST_MS))
      throw InvalidError.field('/until', 'out_of_range', 'Must lie ahead, by at most 30 days.');
    const { allowWrites = false } = dto;
    return this.stores.users.transaction(async ({ sessions }) => {
      const consent = await this.consents.replace({ until, allowWrites, grantedBy: actor.id });
      await sessions.endImpersonations();
      await this.record({ supportAccess: 'granted', until: until.toISOString(), allowWrites });
      return consent;
    });
  }

  /** Takes the consent back; whatever operators do as users ends, on every node within a second. */
  async withdraw(): Promise<void> {
    await this.stores.users.transaction(async ({ sessions }) => {
      await this.consents.remove();
      await sessions.endImpersonations();
      await this.record({ supportAccess: 'withdrawn' });
    });
  }

  private record(detail: Record<string, string | boolean>): Promise<void> {
    return this.audit.record({ action: 'authz_policy_change', outcome: 'success', detail });
  }
}
