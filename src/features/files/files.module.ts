import { Module, type OnModuleInit } from '@nestjs/common';
import { join } from 'node:path';
import { AuditModule } from '../../platform/audit/audit.module.js';
import type { Config } from '../../platform/config/config.js';
import { CONFIG, ConfigModule } from '../../platform/config/config.module.js';
import { IdempotencyModule } from '../../platform/idempotency/idempotency.module.js';
import { ProtectionModule } from '../../platform/protection/protection.module.js';
import { TenantKeys } from '../../platform/protection/tenant-keys.js';
import { TenantLifecycle } from '../../platform/tenancy/registry/tenant-lifecycle.js';
import { TenancyModule } from '../../platform/tenancy/tenancy.module.js';
import { AgentsModule } from '../agents/agents.module.js';
import { VendorsModule } from '../vendors/vendors.module.js';
import { AgentFilesController } from './agent-files.controller.js';
import { FileOwners } from './file-owners.js';
import { FileStorage } from './file-storage.js';
import { FileSweeper } from './file-sweeper.js';
import { FilesController } from './files.controller.js';
import { FilesRepository } from './files.repository.js';
import { FilesService } from './files.service.js';
import { FileScanner } from './scanning/file-scanner.js';
import { PendingScans } from './scanning/pending-scans.js';
import { EncryptedFileStorage } from './storage/encrypted-file-storage.js';
import type { ObjectStore } from './storage/object-store.js';
import { LocalObjectStore } from './storage/local-object-store.js';
import { Spool } from './storage/spool.js';
import { VendorFilesController } from './vendor-files.controller.js';

async function storageOf(config: Config, keys: TenantKeys): Promise<FileStorage> {
  const folder = join(config.dataDir, 'files');
  const spool = new Spool(folder, config.storageMinFreeBytes);
  return new EncryptedFileStorage(await objectsOf(config, folder), spool, keys);
}

async function objectsOf({ s3 }: Config, folder: string): Promise<ObjectStore> {
  if (!s3) return new LocalObjectStore(folder);
  // Whoever has no bucket need not load the SDK.
  const { S3ObjectStore } = await import('./storage/s3-object-store.js');
  return new S3ObjectStore(s3);
}

/** Documents attached to vendors and agents. */
@Module({
  imports: [
    ConfigModule,
    TenancyModule,
    IdempotencyModule,
    ProtectionModule,
    AuditModule,
    VendorsModule,
    AgentsModule,
  ],
  controllers: [VendorFilesController, AgentFilesController, FilesController],
  providers: [
    {
      provide: FileStorage,
      inject: [CONFIG, TenantKeys],
      useFactory: (config: Config, keys: TenantKeys) => storageOf(config, keys),
    },
    FilesRepository,
    FilesService,
    FileOwners,
    FileScanner,
    FileSweeper,
    PendingScans,
  ],
  exports: [FilesService, FileStorage, FileSweeper],
})
export class FilesModule implements OnModuleInit {
  constructor(
    private readonly lifecycle: TenantLifecycle,
    private readonly storage: FileStorage,
  ) {}

  onModuleInit(): void {
    this.lifecycle.onDestroy((tenantId) => this.storage.removeTenant(tenantId));
  }
}
