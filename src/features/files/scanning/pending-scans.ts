import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { TenantContext } from '../../../platform/tenancy/tenant-context.js';
import type { TenantBinding } from '../../../platform/tenancy/tenant-binding.js';
import { TenantDirectory } from '../../../platform/tenancy/registry/tenant-directory.js';
import { FileStorage } from '../file-storage.js';
import { FilesRepository } from '../files.repository.js';
import { ScannerAwayError } from './clamd.js';
import { FileScanner } from './file-scanner.js';

const PERIOD_MS = 60_000;
/** For what other nodes, or this one before its start, left pending. */
const ROUNDS_BETWEEN_ALL = 60;
const FILES_PER_QUERY = 50;

/**
 * Has scanned what was taken while the scanner was away, and what was stored before there was one. Goes through the
 * tenants every hour, every minute while uploads are pending, and stops for this time when the scanner does not answer.
 */
@Injectable()
export class PendingScans implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(PendingScans.name);
  private isStopping = false;
  private timer?: NodeJS.Timeout;
  private underWay: Promise<void> = Promise.resolve();

  constructor(
    private readonly scanner: FileScanner,
    private readonly storage: FileStorage,
    private readonly files: FilesRepository,
    private readonly context: TenantContext,
    private readonly tenants: TenantDirectory,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.scanner.isOn) return;
    let rounds = 0;
    this.timer = setInterval(() => {
      if (rounds++ % ROUNDS_BETWEEN_ALL !== 0 && !this.scanner.hasLeftPending) return;
      this.underWay = this.underWay.then(() => this.scanAll());
    }, PERIOD_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    await this.underWay;
  }

  /** One round through all tenants. A tenant in which it fails holds up no other. */
  async scanAll(): Promise<void> {
    this.scanner.hasLeftPending = false;
    try {
      for (const binding of await this.tenants.all()) {
        if (this.isStopping) return;
        await this.context
          .run(binding, () => this.scanTenant(binding))
          .catch((error: unknown) => {
            if (error instanceof ScannerAwayError) throw error;
            this.report(error);
          });
      }
    } catch (error) {
      this.scanner.hasLeftPending = true;
      this.report(error);
    }
  }

  /** In the tenant bound to the call, the oldest first; what cannot be scanned is passed over. */
  private async scanTenant({ tenantId }: TenantBinding): Promise<void> {
    let after = '';
    for (;;) {
      const waiting = await this.files.unscanned(after, FILES_PER_QUERY);
      for (const { id, sealed } of waiting) {
        if (this.isStopping) return;
        const content = await this.storage.read({ tenantId, fileId: id }, { mayBePlain: !sealed });
        if (!content) continue;
        try {
          const state = await this.scanner.settle(id, content);
          if (state) await this.files.settleScan(id, state);
        } finally {
          // The scanner may have gone, or have said enough, before it was read.
          content.destroy();
        }
      }
      const last = waiting.at(-1);
      if (!last || waiting.length < FILES_PER_QUERY) return;
      after = last.id;
    }
  }

  private report(error: unknown): void {
    this.logger.warn('Scanning of stored files ended early', error instanceof Error ? error.stack : error);
  }
}
