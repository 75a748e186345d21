import { Injectable } from '@nestjs/common';
import { InvalidError } from '../../../kernel/errors.js';
import { assertWritable } from '../../tenancy/registry/tenant-directory.js';
import type { Tenant } from '../../tenancy/registry/tenant.entity.js';
import type { AccountStore } from '../accounts/account-store.js';
import { AccountStores } from '../accounts/account-stores.js';
import {
  formatOpaqueToken,
  newSecret,
  parseOpaqueToken,
  type OpaqueToken,
  type OpaqueTokenKind,
} from '../sessions/opaque-token.js';
import type { AccountTokenColumns, TokenPurpose } from './account-token.entity.js';

const KIND: Readonly<Record<TokenPurpose, OpaqueTokenKind>> = { reset: 'pr', email: 'ec' };

/** An open link, where it was found, and how to use it up. */
export interface OpenLink {
  token: OpaqueToken;
  row: AccountTokenColumns;
  tenant: Tenant | null;
}

/** Makes and opens the single-use links that are mailed; of their secret only a hash is stored. */
@Injectable()
export class AccountLinks {
  constructor(private readonly stores: AccountStores) {}

  /** A new link; the account's older one of that purpose is void. */
  async make(
    store: AccountStore,
    accountId: string,
    purpose: TokenPurpose,
    ttlMs: number,
    email: string | null = null,
  ): Promise<{ token: string; expiresAt: Date }> {
    const { secret, secretHash: tokenHash } = newSecret();
    const expiresAt = new Date(Date.now() + ttlMs);
    const id = await store.tokens.replace({ accountId, purpose, tokenHash, email, expiresAt });
    return { token: formatOpaqueToken(KIND[purpose], store.tenantId, id, secret), expiresAt };
  }

  /** Runs work in the link's realm. Throws InvalidError, naming `/token`, for one that is not good. */
  async open<T>(
    purpose: TokenPurpose,
    text: string,
    work: (store: AccountStore, link: OpenLink) => Promise<T>,
  ): Promise<T> {
    const token = parseOpaqueToken(KIND[purpose], text);
    const tenant = token && (await this.stores.findRealm(token.tenantId));
    if (!token || tenant === undefined) throw badLink();
    if (tenant) assertWritable(tenant);
    return this.stores.within(tenant, async (store) => {
      const row = await store.tokens.find(purpose, token);
      if (!row) throw badLink();
      return work(store, { token, row, tenant });
    });
  }

  /** Uses the link up, in the transaction under way. Throws InvalidError when another was faster. */
  async redeem(store: AccountStore, { token, row }: OpenLink): Promise<void> {
    if (!(await store.tokens.redeem(row.purpose, token))) throw badLink();
  }
}

/** The one refusal of links, whatever is wrong with them. */
export const badLink = (): InvalidError =>
  InvalidError.field('/token', 'invalid_token', 'This link is unknown, was used or has expired.');
