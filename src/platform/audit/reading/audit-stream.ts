import { Injectable } from '@nestjs/common';
import type { AuditEventColumns, AuditLinkColumns } from '../log/audit-event.entity.js';
import { AuditLogs, BrokenLogError } from '../log/audit-logs.js';
import { faultIn, type Position } from '../log/chain.js';
import { Checkpoints } from '../log/checkpoints.js';
import { coreOf, type EntryCore } from '../log/entry.js';
import { LogDoor, logOf, type Realm } from '../log/log-door.js';
import { PayloadSealer } from '../log/payload-sealer.js';
import type { Show, ShownPayload } from './payload-masking.js';

const PAGE = 500;

/** The lines of an exported log, in their order: where it goes on from, the entries, and what proves them. */
export type LogLine =
  | { type: 'start'; log: string; sequence: number; hash: string; checkpoint: string | null }
  | { type: 'entry'; sequence: number; hash: string; entry: EntryCore; payload: ShownPayload | null }
  | { type: 'checkpoint'; checkpoint: string };

/** The chained entries of a log, as lines that anybody who has the public key can verify. */
@Injectable()
export class AuditStream {
  constructor(
    private readonly door: LogDoor,
    private readonly logs: AuditLogs,
    private readonly checkpoints: Checkpoints,
    private readonly sealer: PayloadSealer,
  ) {}

  /**
   * At most `limit` entries after that place of the chain, then a checkpoint; a page of them in memory at a time. Throws
   * BrokenLogError in the middle rather than sign for what the server has not written.
   */
  async *lines(realm: Realm, after: number, limit: number, show: Show): AsyncGenerator<LogLine> {
    const log = logOf(realm);
    const known = await this.logs.get(log);
    const key = await this.logs.keyOf(log);
    const base = await this.checkpoints.baseOf(known);
    if (!base) throw new BrokenLogError(log, known.baseSequence);
    const start = await this.startOf(realm, base, after);
    if (!start) return;
    let position = start;
    const checkpoint = position === base && base.sequence > 0 ? known.baseCheckpoint : null;
    yield { type: 'start', log, ...position, checkpoint };
    for (let left = limit; left > 0;) {
      const count = Math.min(PAGE, left);
      const page = await this.door.apart(realm, (tables) => tables.linksAfter(position.sequence, count));
      for (const { link, event } of page) {
        if (faultIn({ log, key, previous: position }, link, event))
          throw new BrokenLogError(log, position.sequence + 1);
        yield await this.lineOf(realm, link, event!, show);
        position = { sequence: link.sequence, hash: link.hash };
      }
      left -= page.length;
      if (page.length < count) break;
    }
    if (limit > position.sequence - start.sequence && position.sequence < known.sequence)
      throw new BrokenLogError(log, position.sequence + 1);
    // Where nothing followed, nothing has proved the beginning.
    if (position !== start || (position === base && base.sequence > 0))
      yield { type: 'checkpoint', checkpoint: await this.checkpoints.sign(log, position) };
  }

  private async startOf(realm: Realm, base: Position, after: number): Promise<Position | undefined> {
    if (after <= base.sequence) return base;
    const link = await this.door.apart(realm, (tables) => tables.linkAt(after));
    return link ? { sequence: link.sequence, hash: link.hash } : undefined;
  }

  private async lineOf(
    realm: Realm,
    { sequence, hash }: AuditLinkColumns,
    event: AuditEventColumns,
    show: Show,
  ): Promise<LogLine> {
    const payload = await this.sealer.open(realm, event).catch(() => null);
    const entry = coreOf(logOf(realm), event);
    return { type: 'entry', sequence, hash, entry, payload: payload && show(payload, event) };
  }
}
