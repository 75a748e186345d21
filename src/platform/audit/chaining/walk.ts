import type { AuditEventColumns, AuditLinkColumns } from '../log/audit-event.entity.js';
import { faultIn, type Fault, type Position } from '../log/chain.js';
import { payloadDigestOf, type Payload } from '../log/entry.js';

/** The first place where something is wrong. */
export interface Bad {
  sequence: number;
  fault: Fault;
}

/** The log that is walked, and what it takes to judge it. */
interface Walked {
  log: string;
  key: Uint8Array;
  open: (event: AuditEventColumns) => Promise<Payload>;
}

/** Follows a chain from its beginning, link by link, and compares it with what was known of it. */
export class Walk {
  position: Position;
  private readonly anchors: Position[] = [];

  constructor(
    private readonly base: Position,
    private readonly walked: Walked,
  ) {
    this.position = base;
  }

  /** How many entries were found good. */
  get entries(): number {
    return this.position.sequence - this.base.sequence;
  }

  /** The log must have been at that position. */
  mustPass(anchor: Position): void {
    if (anchor.sequence > this.base.sequence) this.anchors.push(anchor);
  }

  /** Goes on by one link, unless that or its entry is wrong. */
  async step(link: AuditLinkColumns, event: AuditEventColumns | undefined): Promise<Bad | undefined> {
    const { log, key, open } = this.walked;
    const sequence = this.position.sequence + 1;
    const fault = faultIn({ log, key, previous: this.position }, link, event);
    if (fault) return { sequence, fault };
    const payload = event && (await open(event).catch(() => undefined));
    if (!payload || payloadDigestOf(payload) !== event.payloadDigest)
      return { sequence, fault: 'entry_changed' };
    this.position = { sequence, hash: link.hash };
    const isReplaced = this.anchors.some((at) => at.sequence === sequence && at.hash !== link.hash);
    return isReplaced ? { sequence, fault: 'log_replaced' } : undefined;
  }

  missingTail(): Bad | undefined {
    const { sequence } = this.position;
    const isCut = this.anchors.some((anchor) => anchor.sequence > sequence);
    return isCut ? { sequence: sequence + 1, fault: 'tail_missing' } : undefined;
  }
}
