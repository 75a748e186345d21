import { Inject, Injectable } from '@nestjs/common';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { tenantTable } from '../../tenancy/tenant-schema.js';

/** So many old nonces a signed request clears away: more than it adds, too few to be felt. */
const CLEARED_AT_ONCE = 20;

const USE = `INSERT INTO ${tenantTable('request_nonce')} (signing_key_id, nonce, expires_at)
  VALUES ($1, $2, $3) ON CONFLICT (signing_key_id, nonce) DO NOTHING RETURNING nonce`;
/** Those that another request is clearing away are left to it. */
const CLEAR = `DELETE FROM ${tenantTable('request_nonce')} WHERE (signing_key_id, nonce) IN (
  SELECT signing_key_id, nonce FROM ${tenantTable('request_nonce')} WHERE expires_at < now()
   ORDER BY expires_at LIMIT ${CLEARED_AT_ONCE} FOR UPDATE SKIP LOCKED)`;

/** The nonces that were used of late, in the tenant's own tables: all nodes see the same. */
@Injectable()
export class NoncesRepository {
  constructor(@Inject(TenantContext) private readonly context: TenantContext) {}

  /** Whether the nonce is new with this key; of several at once, on whatever nodes, one is told so. */
  async use(signingKeyId: string, nonce: string, expiresAt: Date): Promise<boolean> {
    await this.context.manager.query(CLEAR);
    const rows = await this.context.manager.query<unknown[]>(USE, [signingKeyId, nonce, expiresAt]);
    return rows.length > 0;
  }
}
