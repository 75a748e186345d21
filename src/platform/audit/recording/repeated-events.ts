import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { SecurityEvent } from '../../../kernel/security-event.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { AuditTrail, type Origin } from '../audit-trail.js';
import { logOf, type Realm } from '../log/log-door.js';
import { Tally } from './tally.js';

interface Happening {
  realm: Realm;
  event: SecurityEvent;
  origin: Origin;
}

const MINUTE_MS = 60_000;

/** What one caller can do a thousand times a minute, and must not fill the log with. */
@Injectable()
export class RepeatedEvents implements OnModuleDestroy {
  private readonly logger = new Logger(RepeatedEvents.name);
  private readonly denials = this.tally(MINUTE_MS, 60);
  private readonly limits = this.tally(MINUTE_MS, 1);
  private readonly readings = this.tally(10 * MINUTE_MS, 1);

  constructor(
    private readonly context: TenantContext,
    private readonly trail: AuditTrail,
  ) {}

  /** Each of them, up to 60 a minute of one caller; of the rest the number. */
  denied(event: SecurityEvent): Promise<void> {
    return this.record(this.denials, event);
  }

  /** The first of one caller and policy in a minute; of the rest the number. */
  limited(event: SecurityEvent): Promise<void> {
    return this.record(this.limits, event, String(event.detail?.['policy']));
  }

  /** That the log of the caller's realm is read: the first of one caller in ten minutes; of the rest the number. */
  logRead(how: string): Promise<void> {
    const target = { type: 'audit_log', id: logOf(this.context.boundTenant ?? null) };
    const event: SecurityEvent = { action: 'sensitive_read', outcome: 'success', target, detail: { how } };
    return this.record(this.readings, event, how);
  }

  async onModuleDestroy(): Promise<void> {
    for (const tally of [this.denials, this.limits, this.readings]) await tally.flush();
  }

  private async record(tally: Tally<Happening>, event: SecurityEvent, what = ''): Promise<void> {
    const realm = this.context.boundTenant ?? null;
    const origin = this.trail.originOf();
    const kind = `${logOf(realm)} ${origin.actorId ?? origin.address} ${what}`;
    if (tally.passes(kind, { realm, event, origin })) await this.trail.recordIn(realm, event, origin);
  }

  private tally(windowMs: number, burst: number): Tally<Happening> {
    const tell = async ({ realm, event, origin }: Happening, repeated: number): Promise<void> => {
      const detail = { ...event.detail, repeated };
      await this.trail
        .recordIn(realm, { ...event, detail }, origin)
        .catch((error: unknown) => this.logger.error('a count was not recorded', error));
    };
    return new Tally({ windowMs, burst, tell });
  }
}
