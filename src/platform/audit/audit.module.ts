import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { ProtectionModule } from '../protection/protection.module.js';
import { TenantLifecycle } from '../tenancy/registry/tenant-lifecycle.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { AuditTrail } from './audit-trail.js';
import { ChainBuilder } from './chaining/chain-builder.js';
import { LogPruner } from './chaining/log-pruner.js';
import { Retention } from './chaining/retention.js';
import { Sequencer } from './chaining/sequencer.js';
import { Verifier } from './chaining/verifier.js';
import { DeletionCertificates } from './erasure/deletion-certificates.js';
import { DeletionCertificatesRepository } from './erasure/deletion-certificates.repository.js';
import { AuditLogs } from './log/audit-logs.js';
import { AuditLogsRepository } from './log/audit-logs.repository.js';
import { Checkpoints } from './log/checkpoints.js';
import { LogDoor } from './log/log-door.js';
import { PayloadSealer } from './log/payload-sealer.js';
import { AuditEventsController } from './reading/audit-events.controller.js';
import { AuditEventsService } from './reading/audit-events.service.js';
import { AuditProofService } from './reading/audit-proof.service.js';
import { AuditStream } from './reading/audit-stream.js';
import { AuditInterceptor } from './recording/audit.interceptor.js';
import { ChangeRecorder } from './recording/change-recorder.js';
import { RefusalRecorder } from './recording/refusal-recorder.js';
import { RepeatedEvents } from './recording/repeated-events.js';

/** What happened: recorded with the change itself, chained, and provable. */
@Module({
  imports: [ConfigModule, TenancyModule, ProtectionModule],
  controllers: [AuditEventsController],
  providers: [
    AuditEventsService,
    AuditInterceptor,
    AuditLogs,
    AuditLogsRepository,
    AuditProofService,
    AuditStream,
    AuditTrail,
    ChainBuilder,
    ChangeRecorder,
    Checkpoints,
    DeletionCertificates,
    DeletionCertificatesRepository,
    LogDoor,
    LogPruner,
    PayloadSealer,
    RefusalRecorder,
    RepeatedEvents,
    Retention,
    Sequencer,
    Verifier,
  ],
  exports: [AuditInterceptor, AuditTrail, RefusalRecorder],
})
export class AuditModule implements OnModuleInit {
  constructor(
    @Inject(TenantLifecycle) private readonly lifecycle: TenantLifecycle,
    private readonly sequencer: Sequencer,
    private readonly logs: AuditLogs,
    private readonly certificates: DeletionCertificates,
  ) {}

  onModuleInit(): void {
    this.lifecycle.onDestroy(async (tenantId) => {
      this.sequencer.forget(tenantId);
      await this.logs.forget(tenantId);
    });
    this.lifecycle.onDestroy((tenantId) => this.certificates.issue(tenantId));
  }
}
