import { Inject, Injectable } from '@nestjs/common';
import { IsNull, type SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
import { ITEM } from '../tenancy/page-query.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { tenantTable } from '../tenancy/tenant-schema.js';
import { TenantRepository } from '../tenancy/tenant.repository.js';
import { ApiKey } from './api-key.entity.js';
import { announceEndingIn, type EndingKey } from './expiry/ending-keys.js';

/** What narrows a list of keys, of either kind. */
export interface CredentialFilter {
  vendorId?: string;
  q?: string;
}

/** Neither waits for whoever changes the key, nor touches what its ETag is made of. */
const NOTE_USE = `
  UPDATE ${tenantTable('api_key')} SET last_used_at = $2, last_used_from = $3
   WHERE id IN (SELECT id FROM ${tenantTable('api_key')}
                 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $4) FOR UPDATE SKIP LOCKED)`;

const ANNOUNCE_ENDING = announceEndingIn('api_key');

/** The API keys of a tenant, its own and its vendors'. */
@Injectable()
export class ApiKeysRepository extends TenantRepository<ApiKey> {
  protected readonly readPermission = 'api_keys:read';

  constructor(@Inject(TenantContext) context: TenantContext) {
    super(context, ApiKey);
  }

  list(request: PageRequest, { vendorId, q }: CredentialFilter): Promise<Page<ApiKey>> {
    return this.findPage(request, { equals: { vendorId }, search: ['name', q] });
  }

  /** How many keys the vendor owns; null: the tenant. */
  countOf(vendorId: string | null): Promise<number> {
    return this.repository.countBy({ vendorId: vendorId ?? IsNull() });
  }

  /**
   * The key of which a caller tells the id, whoever that is; null when there is none that is good now: it expired, or its
   * vendor is suspended.
   */
  async findGood(id: string): Promise<ApiKey | null> {
    return this.repository
      .createQueryBuilder(ITEM)
      .leftJoin('Vendor', 'vendor', `vendor.id = ${ITEM}.vendorId`)
      .where(`${ITEM}.id = :id AND ${ITEM}.expiresAt > :now`, { id, now: new Date() })
      .andWhere(`(${ITEM}.vendorId IS NULL OR vendor.status <> 'suspended')`)
      .getOne();
  }

  /** Remembers that the key was used, unless that was written after `unlessSince` already. */
  async noteUse(id: string, at: Date, from: string | null, unlessSince: Date): Promise<void> {
    await this.context.manager.query(NOTE_USE, [id, at, from, unlessSince]);
  }

  /** The keys that end within 14, 7 or 1 days, each told of once for each of these. */
  async announceEnding(): Promise<EndingKey[]> {
    const [rows] = await this.context.manager.query<[EndingKey[], number]>(ANNOUNCE_ENDING);
    return rows;
  }

  protected ownedBy(query: SelectQueryBuilder<ApiKey>, vendorId: string): void {
    query.andWhere(`${ITEM}.vendorId = :vendorId`, { vendorId });
  }
}
