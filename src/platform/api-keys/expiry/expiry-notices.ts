import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Registry } from '../../tenancy/registry/registry.js';
import { bindingOf } from '../../tenancy/registry/tenant-directory.js';
import { Tenant } from '../../tenancy/registry/tenant.entity.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { EndingCredentials } from './ending-credentials.js';
import { ExpiryMails } from './expiry-mails.js';

const PERIOD_MS = 60 * 60_000;
/** So that neither a start nor a command of a few seconds goes through all tenants. */
const FIRST_AFTER_MS = 60_000;

/**
 * Announces the end of API keys and of agents' credentials 14, 7 and 1 days ahead, each once, in the log of their tenant
 * and by mail. Looks through the active tenants a minute after the start and every hour, one after the other; nodes that
 * look at the same time share the work.
 */
@Injectable()
export class ExpiryNotices implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ExpiryNotices.name);
  private isStopping = false;
  private readonly timers: NodeJS.Timeout[] = [];
  private underWay: Promise<void> = Promise.resolve();

  constructor(
    private readonly ending: EndingCredentials,
    private readonly mails: ExpiryMails,
    private readonly registry: Registry,
    private readonly context: TenantContext,
  ) {}

  onApplicationBootstrap(): void {
    const look = (): void => {
      this.underWay = this.underWay.then(() => this.announceAll());
    };
    this.timers.push(setTimeout(look, FIRST_AFTER_MS).unref(), setInterval(look, PERIOD_MS).unref());
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    await this.underWay;
  }

  /** Announces what is due in all active tenants. A tenant in which that fails holds up no other. */
  async announceAll(): Promise<void> {
    const tenants = await this.registry.getRepository(Tenant).findBy({ status: 'active' }).catch(this.report);
    for (const tenant of tenants ?? []) {
      if (this.isStopping) return;
      await this.announceIn(tenant).catch(this.report);
    }
  }

  /** Announces what is due in that tenant, and mails those who can renew it. */
  announceIn(tenant: Tenant): Promise<void> {
    return this.context.run(bindingOf(tenant), async () => {
      await this.mails.send(tenant, await this.ending.announce());
    });
  }

  private readonly report = (error: unknown): void => {
    this.logger.warn('The end of keys was not announced', error instanceof Error ? error.stack : error);
  };
}
