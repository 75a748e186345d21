import { Inject, Injectable } from '@nestjs/common';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { UsedOnce } from '../used-once.js';

/** The ids of the assertions (`jti`) that were used of late with a credential. */
@Injectable()
export class AssertionsRepository extends UsedOnce {
  constructor(@Inject(TenantContext) context: TenantContext) {
    super(context, { table: 'agent_assertion', key: 'credential_id', name: 'jti' });
  }
}
