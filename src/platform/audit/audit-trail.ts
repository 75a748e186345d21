import { Injectable, Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { Actor } from '../../kernel/actor.js';
import type { SecurityEvent } from '../../kernel/security-event.js';
import { currentRequest } from '../http/request/request-facts.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { Sequencer } from './chaining/sequencer.js';
import type { ActorKind, AuditEventColumns } from './log/audit-event.entity.js';
import { AuditLogs } from './log/audit-logs.js';
import { coreOf, macOf } from './log/entry.js';
import { hasLog, LogDoor, logOf, type Realm } from './log/log-door.js';
import { PayloadSealer } from './log/payload-sealer.js';

/** Who did it, and from where. */
export interface Origin {
  actorKind: ActorKind;
  actorId: string | null;
  impersonatorId: string | null;
  /** Of a program that acts for a vendor: that vendor, and the credential by which an agent came. */
  program: Readonly<Record<string, string>>;
  requestId: string | null;
  address: string | null;
  userAgent: string | null;
}

/** Keeps what matters to security: in the log of the tenant that is bound to the call, else in the platform's. */
@Injectable()
export class AuditTrail {
  private readonly logger = new Logger(AuditTrail.name);

  constructor(
    private readonly context: TenantContext,
    private readonly door: LogDoor,
    private readonly logs: AuditLogs,
    private readonly sealer: PayloadSealer,
    private readonly sequencer: Sequencer,
  ) {}

  /**
   * Records the event. What succeeded stands or falls with the transaction under way; what failed or was denied is written
   * when that has ended, however it ends. Outside a transaction the entry is committed when this resolves.
   */
  async record(event: SecurityEvent): Promise<void> {
    await this.recordIn(this.context.boundTenant ?? null, event);
  }

  /** As `record`, in a log that is named explicitly: null is the platform's. */
  async recordIn(realm: Realm, event: SecurityEvent, origin: Origin = this.originOf()): Promise<void> {
    const request = currentRequest();
    if (request) request.audited++;
    if (!hasLog(realm)) return this.logger.warn(this.lineOf(realm, event, origin));
    const joined = event.outcome === 'success' ? this.door.joined(realm) : undefined;
    if (joined) {
      await joined.insert(await this.entryOf(realm, event, origin));
      return this.door.afterwards(realm, async () => this.sequencer.touch(realm));
    }
    const write = async (): Promise<void> => {
      const entry = await this.entryOf(realm, event, origin);
      await this.door.apart(realm, (tables) => tables.insert(entry));
      this.sequencer.touch(realm);
    };
    // Who failed or was refused learns of that, and not that it could not be written down.
    if (event.outcome === 'success') await write();
    else
      await this.door.afterwards(realm, () =>
        write().catch((error: unknown) => this.lost(realm, event, error)),
      );
  }

  /** Who is at work, as the request under way or the bound caller tells. */
  originOf(): Origin {
    const request = currentRequest();
    const actor = request?.actor ?? this.context.boundActor;
    return {
      actorKind: actor?.kind ?? (request ? 'anonymous' : 'system'),
      actorId: actor?.id ?? null,
      impersonatorId: actor?.impersonatorId ?? null,
      program: actor ? programOf(actor) : {},
      requestId: request?.requestId ?? null,
      address: request?.address ?? null,
      userAgent: request?.userAgent ?? null,
    };
  }

  private async entryOf(
    realm: Realm,
    { action, outcome, accountId, target, detail, changes }: SecurityEvent,
    { address, userAgent, program, ...who }: Origin,
  ): Promise<AuditEventColumns> {
    const log = logOf(realm);
    const id = uuidv7();
    const [key, sealed] = await Promise.all([
      this.logs.keyOf(log),
      this.sealer.seal(realm, id, { address, userAgent, changes: changes ?? null }),
    ]);
    const { payload, payloadDigest } = sealed;
    const facts = {
      id,
      createdAt: new Date(),
      action,
      outcome,
      accountId: accountId ?? null,
      detail: { ...detail, ...program },
      payloadDigest,
    };
    const where = { targetType: target?.type ?? null, targetId: target?.id ?? null };
    const entry = { ...facts, ...where, ...who };
    return { ...entry, payload, mac: macOf(key, coreOf(log, entry)) };
  }

  private lost(realm: Realm, event: SecurityEvent, error: unknown): void {
    const line = this.lineOf(realm, event, this.originOf());
    this.logger.error(`not recorded: ${line}`, error instanceof Error ? error.stack : undefined);
  }

  /** For the process's own log: what holds no values. */
  private lineOf(
    realm: Realm,
    { action, outcome, target }: SecurityEvent,
    { actorId, requestId }: Origin,
  ): string {
    return JSON.stringify({ log: logOf(realm), action, outcome, target, actorId, requestId });
  }
}

/** What else names a program: its key's id is its own, an agent has several credentials. */
export function programOf({ kind, vendorId, sessionId }: Actor): Record<string, string> {
  return {
    ...((kind === 'agent' || kind === 'api_key') && vendorId !== null && { actorVendorId: vendorId }),
    ...(kind === 'agent' && { actorCredentialId: sessionId }),
  };
}
