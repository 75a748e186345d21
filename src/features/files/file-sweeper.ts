import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { TenantContext } from '../../platform/tenancy/tenant-context.js';
import { bindingOf, TenantDirectory } from '../../platform/tenancy/registry/tenant-directory.js';
import { FileStorage } from './file-storage.js';
import { FilesRepository } from './files.repository.js';

/** No upload takes this long, so bytes older than this are not on their way to a row. */
const GRACE_MS = 60 * 60_000;
const PERIOD_MS = 60 * 60_000;
const ROWS_PER_QUERY = 500;

/**
 * Removes bytes that no row speaks of: of uploads that a crash cut short, and of files whose vendor or agent was
 * removed. A tenant's folder goes with the tenant, not here. Runs in the background at the start and every hour.
 */
@Injectable()
export class FileSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(FileSweeper.name);
  private isStopping = false;
  private timer?: NodeJS.Timeout;
  private underWay: Promise<void> = Promise.resolve();

  constructor(
    private readonly storage: FileStorage,
    private readonly files: FilesRepository,
    private readonly context: TenantContext,
    private readonly tenants: TenantDirectory,
  ) {}

  onApplicationBootstrap(): void {
    this.underWay = this.sweepOrReport();
    this.timer = setInterval(() => {
      this.underWay = this.underWay.then(() => this.sweepOrReport());
    }, PERIOD_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    await this.underWay;
  }

  /** Sweeps all tenants, one after the other. */
  async sweep(): Promise<void> {
    await this.storage.removeLeftovers(graceBegan());
    for (const id of await this.storage.tenantIds()) {
      if (this.isStopping) return;
      await this.sweepTenant(id);
    }
  }

  /** Removes the tenant's bytes that have no row, but none of the last hour. */
  private async sweepTenant(tenantId: string): Promise<void> {
    const tenant = await this.tenants.byId(tenantId);
    // Whoever is started on another database by mistake must not take all documents for nobody's.
    if (!tenant) return;
    const binding = bindingOf(tenant);
    const ids = await this.storage.fileIds(tenantId, graceBegan());
    for (let first = 0; first < ids.length && !this.isStopping; first += ROWS_PER_QUERY) {
      const some = ids.slice(first, first + ROWS_PER_QUERY);
      const existing = await this.context.run(binding, () => this.files.existing(some));
      for (const fileId of some.filter((id) => !existing.has(id)))
        await this.storage.remove({ tenantId, fileId });
    }
  }

  private async sweepOrReport(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      this.logger.warn('The sweep of stored files ended early', error instanceof Error ? error.stack : error);
    }
  }
}

const graceBegan = (): Date => new Date(Date.now() - GRACE_MS);
