import { Inject, Injectable } from '@nestjs/common';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { UsedOnce } from '../used-once.js';

/** The nonces that were used of late with a signing key. */
@Injectable()
export class NoncesRepository extends UsedOnce {
  constructor(@Inject(TenantContext) context: TenantContext) {
    super(context, { table: 'request_nonce', key: 'signing_key_id', name: 'nonce' });
  }
}
