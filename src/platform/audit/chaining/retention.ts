import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { TenantDirectory } from '../../tenancy/registry/tenant-directory.js';
import { TenantLifecycle } from '../../tenancy/registry/tenant-lifecycle.js';
import { AuditTrail } from '../audit-trail.js';
import { hasLog, logOf, type Realm } from '../log/log-door.js';
import { LogPruner, type Pruned } from './log-pruner.js';

const DAY_MS = 86_400_000;
const FIRST_AFTER_MS = 60_000;

/** Prunes all logs once a day where AUDIT_RETENTION_DAYS says for how long they are kept, and records that. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Retention.name);
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly pruner: LogPruner,
    private readonly trail: AuditTrail,
    @Inject(TenantLifecycle) private readonly lifecycle: TenantLifecycle,
    @Inject(TenantDirectory) private readonly tenants: TenantDirectory,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    const days = this.config.auditRetentionDays;
    if (days === 0) return;
    const prune = (): void => void this.pruneAll(new Date(Date.now() - days * DAY_MS));
    this.timers.push(setTimeout(prune, FIRST_AFTER_MS).unref(), setInterval(prune, DAY_MS).unref());
  }

  onModuleDestroy(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  /** Removes the log's entries of before that time, but none that is not chained yet. */
  async prune(realm: Realm, before: Date): Promise<Pruned> {
    const base = await this.pruner.setBase(realm, before);
    // Also what an earlier pruning, which was killed, has left.
    const entries = base === 0 ? 0 : await this.lifecycle.pruneHistory(realm, base);
    const detail = { entries, through: base };
    if (entries > 0)
      await this.trail.recordIn(realm, { action: 'audit_log_pruned', outcome: 'success', detail });
    return { entries, base };
  }

  private async pruneAll(before: Date): Promise<void> {
    const realms = await this.tenants.all().catch((error: unknown) => this.failed('all', error));
    for (const realm of [null, ...(realms ?? []).filter(hasLog)])
      await this.prune(realm, before).catch((error: unknown) => this.failed(logOf(realm), error));
  }

  /** One log that is broken or out of reach does not keep the others. */
  private failed(log: string, error: unknown): undefined {
    this.logger.error(`The audit log was not pruned (${log})`, error instanceof Error ? error.stack : error);
  }
}
