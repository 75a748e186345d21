import { Inject, Injectable } from '@nestjs/common';
import { IsNull, type SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../../kernel/page.js';
import { ITEM } from '../../tenancy/page-query.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { tenantTable } from '../../tenancy/tenant-schema.js';
import { TenantRepository } from '../../tenancy/tenant.repository.js';
import type { CredentialFilter } from '../api-keys.repository.js';
import { RequestSigningKey } from './signing-key.entity.js';

/** The secret can be sealed to its place only once the row has its id. */
const PUT_SECRET = `UPDATE ${tenantTable('request_signing_key')} SET sealed_secret = $2 WHERE id = $1`;

/** The keys with which the programs of a tenant, and of its vendors, sign. */
@Injectable()
export class SigningKeysRepository extends TenantRepository<RequestSigningKey> {
  protected readonly readPermission = 'signing_keys:read';

  constructor(@Inject(TenantContext) context: TenantContext) {
    super(context, RequestSigningKey);
  }

  list(request: PageRequest, { vendorId, q }: CredentialFilter): Promise<Page<RequestSigningKey>> {
    return this.findPage(request, { equals: { vendorId }, search: ['name', q] });
  }

  /** How many keys the vendor owns; null: the tenant. */
  countOf(vendorId: string | null): Promise<number> {
    return this.repository.countBy({ vendorId: vendorId ?? IsNull() });
  }

  /** The key of this owner, whoever calls. */
  findOf(vendorId: string | null, id: string): Promise<RequestSigningKey | null> {
    return this.repository.findOneBy({ id, vendorId: vendorId ?? IsNull() });
  }

  async putSecret(id: string, sealed: string): Promise<void> {
    await this.context.manager.query(PUT_SECRET, [id, sealed]);
  }

  protected ownedBy(query: SelectQueryBuilder<RequestSigningKey>, vendorId: string): void {
    query.andWhere(`${ITEM}.vendorId = :vendorId`, { vendorId });
  }
}
