import { Injectable } from '@nestjs/common';
import type { AuditEventColumns, AuditLinkColumns } from '../log/audit-event.entity.js';
import type { AuditLog } from '../log/audit-log.entity.js';
import { AuditLogs, BrokenLogError } from '../log/audit-logs.js';
import { linkAfter, type Position } from '../log/chain.js';
import { Checkpoints } from '../log/checkpoints.js';
import { coreOf, digestOf, isSame, macOf, payloadDigestOf } from '../log/entry.js';
import { LogDoor, logOf, type Realm } from '../log/log-door.js';
import { PayloadSealer } from '../log/payload-sealer.js';
import { Sequencer } from './sequencer.js';

const PAGE = 500;
const TOLD_UNLINKED = 1000;

/** What is wrong with a log, at the first place where something is. */
export type Fault =
  | 'entry_missing'
  | 'entry_changed'
  | 'link_missing'
  | 'link_changed'
  | 'tail_missing'
  | 'log_replaced'
  | 'entry_forged';

export interface Verification {
  valid: boolean;
  /** How many entries of the chain are there and were looked at. */
  entries: number;
  head: Position;
  firstBad?: { sequence: number; fault: Fault };
}

/** Proves a log: every entry as it was written, none missing, none added, and as far as it was known to have come. */
@Injectable()
export class Verifier {
  constructor(
    private readonly door: LogDoor,
    private readonly logs: AuditLogs,
    private readonly checkpoints: Checkpoints,
    private readonly sealer: PayloadSealer,
    private readonly sequencer: Sequencer,
  ) {}

  async verify(realm: Realm): Promise<Verification> {
    const log = logOf(realm);
    await this.catchUp(realm);
    const known = await this.logs.get(log);
    const walk = new Walk(known, await this.logs.keyOf(log), this.sealer, realm);
    const exported = await this.checkpoints.exported(log);
    if (exported) walk.mustPass(exported);
    for (;;) {
      const page = await this.door.apart(realm, (tables) => tables.linksAfter(walk.position.sequence, PAGE));
      for (const { link, event } of page) {
        const fault = await walk.step(link, event);
        if (fault) return walk.result(fault);
      }
      if (page.length < PAGE) break;
    }
    const missing = walk.missingTail();
    if (missing) return walk.result(missing);
    return walk.result(await this.forged(realm, walk));
  }

  /** What waits is chained first. A broken log is not built upon, but left for the walk to find. */
  private async catchUp(realm: Realm): Promise<void> {
    try {
      await this.sequencer.build(realm);
    } catch (error) {
      if (!(error instanceof BrokenLogError)) throw error;
    }
  }

  /**
   * Entries without a link whose code is not the server's. Those that are its own just wait; should the hint that they do
   * be lost, it is given again, but only now that the chain was found whole: else it would cover what was taken out.
   */
  private async forged(realm: Realm, { position }: Walk): Promise<Walk['fault']> {
    const log = logOf(realm);
    const key = await this.logs.keyOf(log);
    const unlinked = await this.door.apart(realm, (tables) => tables.unlinked(TOLD_UNLINKED));
    const isForged = unlinked.some((event) => !isSame(macOf(key, coreOf(log, event)), event.mac));
    if (isForged) return { sequence: position.sequence + 1, fault: 'entry_forged' };
    if (unlinked.length > 0) {
      await this.door.apart(realm, (tables) => tables.remind());
      await this.catchUp(realm);
    }
    return undefined;
  }
}

/** Follows the chain, link by link. */
class Walk {
  position: Position;
  readonly fault: { sequence: number; fault: Fault } | undefined;
  private readonly base: Position;
  private readonly anchors: Position[];

  constructor(
    private readonly known: AuditLog,
    private readonly key: Uint8Array,
    private readonly sealer: PayloadSealer,
    private readonly realm: Realm,
  ) {
    this.base = { sequence: known.baseSequence, hash: known.baseHash };
    this.position = this.base;
    this.anchors = [{ sequence: known.sequence, hash: known.hash }];
  }

  /** The log must have been at that position. */
  mustPass(anchor: Position): void {
    if (anchor.sequence > this.base.sequence) this.anchors.push(anchor);
  }

  async step(link: AuditLinkColumns, event: AuditEventColumns | undefined): Promise<Walk['fault']> {
    const sequence = this.position.sequence + 1;
    const bad = (fault: Fault) => ({ sequence, fault });
    if (link.sequence !== sequence) return bad('link_missing');
    if (!event) return bad('entry_missing');
    const core = coreOf(this.known.log, event);
    if (!isSame(macOf(this.key, core), event.mac)) return bad('entry_changed');
    const expected = linkAfter(this.key, this.position, digestOf(core));
    if (!isSame(expected.hash, link.hash) || !isSame(expected.mac, link.mac)) return bad('link_changed');
    const payload = await this.sealer.open(this.realm, event).catch(() => undefined);
    if (!payload || payloadDigestOf(payload) !== event.payloadDigest) return bad('entry_changed');
    this.position = { sequence, hash: expected.hash };
    const isReplaced = this.anchors.some((at) => at.sequence === sequence && at.hash !== expected.hash);
    return isReplaced ? bad('log_replaced') : undefined;
  }

  missingTail(): Walk['fault'] {
    const { sequence } = this.position;
    const isCut = this.anchors.some((anchor) => anchor.sequence > sequence);
    return isCut ? { sequence: sequence + 1, fault: 'tail_missing' } : undefined;
  }

  result(firstBad: Walk['fault']): Verification {
    const entries = this.position.sequence - this.base.sequence;
    return {
      valid: firstBad === undefined,
      entries,
      head: this.position,
      ...(firstBad && { firstBad }),
    };
  }
}
