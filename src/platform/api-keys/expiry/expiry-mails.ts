import { Injectable } from '@nestjs/common';
import { AccountMails } from '../../mail/account-mails.js';
import type { Tenant } from '../../tenancy/registry/tenant.entity.js';
import type { EndingCredential } from './ending-credentials.js';
import { KeyKeepersRepository } from './key-keepers.repository.js';

const WORDS = { api_key: 'API key', agent_credential: 'credential of a software agent' } as const;

/** Mails the people who can renew what ends: the owner vendor's own, else the tenant's administrators. */
@Injectable()
export class ExpiryMails {
  constructor(
    private readonly keepers: KeyKeepersRepository,
    private readonly mails: AccountMails,
  ) {}

  /** In the tenant bound to the call, after the transaction that announced them. */
  async send(tenant: Tenant, ending: readonly EndingCredential[]): Promise<void> {
    if (!this.mails.areOn) return;
    for (const { type, name, expiresAt, vendorId } of ending)
      for (const keeper of await this.keepers.of(vendorId))
        this.mails.credentialExpiring(
          { ...keeper, tenant: tenant.name },
          { what: WORDS[type], name, expiresAt },
        );
  }
}
