import { Inject, Injectable } from '@nestjs/common';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { tenantTable } from '../../tenancy/tenant-schema.js';

/** Far more people than need to know of one key. */
const MAX_TOLD = 20;

/** Those who can sign in; without a password they have yet to accept their invitation. */
const FIND = `
  SELECT email, name FROM ${tenantTable('user')}
   WHERE locked_at IS NULL AND password_hash IS NOT NULL AND $1 = ANY (roles) AND ($2::uuid IS NULL OR vendor_id = $2)
   ORDER BY created_at LIMIT ${MAX_TOLD}`;

/** Somebody who can renew a credential. */
export interface KeyKeeper {
  email: string;
  name: string;
}

/** The people of a tenant who look after its keys. */
@Injectable()
export class KeyKeepersRepository {
  constructor(@Inject(TenantContext) private readonly context: TenantContext) {}

  /** The vendor's users with the role `vendor`; the administrators when it has none, or the tenant is the owner. */
  async of(vendorId: string | null): Promise<KeyKeeper[]> {
    const own = vendorId === null ? [] : await this.find('vendor', vendorId);
    return own.length > 0 ? own : this.find('tenant_admin', null);
  }

  private find(role: string, vendorId: string | null): Promise<KeyKeeper[]> {
    return this.context.manager.query<KeyKeeper[]>(FIND, [role, vendorId]);
  }
}
