import { Injectable } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { Verifier, type Verification } from '../chaining/verifier.js';
import { RepeatedEvents } from '../recording/repeated-events.js';
import { AuditStream, type LogLine } from './audit-stream.js';
import { shownTo } from './payload-masking.js';

/** Proves the log of the caller's realm, and hands it out together with its proof. */
@Injectable()
export class AuditProofService {
  constructor(
    private readonly context: TenantContext,
    private readonly events: RepeatedEvents,
    private readonly verifier: Verifier,
    private readonly lines: AuditStream,
  ) {}

  async verify(): Promise<Verification> {
    await this.events.logRead('verify');
    return this.verifier.verify(this.context.boundTenant ?? null);
  }

  async stream(after: number, limit: number, reader: Actor): Promise<AsyncGenerator<LogLine>> {
    await this.events.logRead('stream');
    return this.lines.lines(this.context.boundTenant ?? null, after, limit, shownTo(reader));
  }
}
