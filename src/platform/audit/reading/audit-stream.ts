import { Injectable } from '@nestjs/common';
import type { AuditEventColumns, AuditLinkColumns } from '../log/audit-event.entity.js';
import { AuditLogs } from '../log/audit-logs.js';
import { Checkpoints } from '../log/checkpoints.js';
import { coreOf, type EntryCore, type Payload } from '../log/entry.js';
import { LogDoor, logOf, type Realm } from '../log/log-door.js';
import { PayloadSealer } from '../log/payload-sealer.js';
import { masked } from './payload-masking.js';

const PAGE = 500;

/** The lines of an exported log, in their order: where it goes on from, the entries, and what proves them. */
export type LogLine =
  | { type: 'start'; log: string; sequence: number; hash: string; checkpoint: string | null }
  | { type: 'entry'; sequence: number; hash: string; entry: EntryCore; payload: ShownPayload | null }
  | { type: 'checkpoint'; checkpoint: string };

/** As it was recorded, with the salt that proves it; or masked, and without. */
export type ShownPayload = Payload | Omit<Payload, 'salt'>;

/** The chained entries of a log, as lines that anybody who has the public key can verify. */
@Injectable()
export class AuditStream {
  constructor(
    private readonly door: LogDoor,
    private readonly logs: AuditLogs,
    private readonly checkpoints: Checkpoints,
    private readonly sealer: PayloadSealer,
  ) {}

  /** At most `limit` entries after that place of the chain, then a checkpoint; a page of them in memory at a time. */
  async *lines(realm: Realm, after: number, limit: number, isMasked: boolean): AsyncGenerator<LogLine> {
    const log = logOf(realm);
    const known = await this.logs.get(log);
    let position = { sequence: known.baseSequence, hash: known.baseHash };
    const isFromBase = after <= known.baseSequence;
    if (!isFromBase) {
      const link = await this.door.apart(realm, (tables) => tables.linkAt(after));
      if (link) position = { sequence: link.sequence, hash: link.hash };
      else return;
    }
    yield { type: 'start', log, ...position, checkpoint: isFromBase ? known.baseCheckpoint : null };
    for (let left = limit; left > 0;) {
      const count = Math.min(PAGE, left);
      const page = await this.door.apart(realm, (tables) => tables.linksAfter(position.sequence, count));
      for (const { link, event } of page) {
        if (!event) throw new Error(`entry ${link.sequence} of the audit log ${log} is missing`);
        yield await this.lineOf(realm, link, event, isMasked);
        position = { sequence: link.sequence, hash: link.hash };
      }
      left -= page.length;
      if (page.length < count) break;
    }
    if (position.sequence > 0)
      yield { type: 'checkpoint', checkpoint: await this.checkpoints.sign(log, position) };
  }

  private async lineOf(
    realm: Realm,
    { sequence, hash }: AuditLinkColumns,
    event: AuditEventColumns,
    isMasked: boolean,
  ): Promise<LogLine> {
    const payload = await this.sealer.open(realm, event).catch(() => null);
    const entry = coreOf(logOf(realm), event);
    return {
      type: 'entry',
      sequence,
      hash,
      entry,
      payload: payload && (isMasked ? masked(payload) : payload),
    };
  }
}
