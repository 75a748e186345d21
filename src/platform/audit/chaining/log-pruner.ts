import { Injectable } from '@nestjs/common';
import { AuditLogs, BrokenLogError } from '../log/audit-logs.js';
import type { AuditLog } from '../log/audit-log.entity.js';
import { faultIn, type Position } from '../log/chain.js';
import { Checkpoints } from '../log/checkpoints.js';
import { LogDoor, logOf, type Realm } from '../log/log-door.js';

const PAGE = 500;

/** What a pruning took away, and where the log begins now. */
export interface Pruned {
  entries: number;
  /** Place of the newest entry that is gone. */
  base: number;
}

/** Decides where a log begins, and signs it, so that what remains can be proved. Both before anything is removed. */
@Injectable()
export class LogPruner {
  constructor(
    private readonly door: LogDoor,
    private readonly logs: AuditLogs,
    private readonly checkpoints: Checkpoints,
  ) {}

  /**
   * Lets the log begin after its newest entry of before that time; returns that entry's place. Throws BrokenLogError when
   * what would be removed is not as it was written: it is the trace of whoever changed it.
   */
  async setBase(realm: Realm, before: Date): Promise<number> {
    const log = logOf(realm);
    const known = await this.logs.get(log);
    const first = await this.door.apart(realm, (tables) => tables.firstSince(before));
    const last = Math.min(first === undefined ? known.sequence : first - 1, known.sequence);
    if (last <= known.baseSequence) return known.baseSequence;
    const base = await this.prove(realm, known, last);
    await this.logs.setBase(log, base, await this.checkpoints.sign(log, base, 'base'));
    return last;
  }

  /** Takes the log as it is for whole: its newest link is where it goes on. For who knows what became of the rest. */
  async accept(realm: Realm): Promise<{ from: number; to: number }> {
    const log = logOf(realm);
    const known = await this.logs.get(log);
    const base = { sequence: known.baseSequence, hash: known.baseHash };
    const newest = (await this.door.apart(realm, (tables) => tables.newestLink())) ?? base;
    const statement = await this.checkpoints.sign(log, newest, 'accepted');
    await this.logs.accept(log, newest, statement);
    await this.checkpoints.export([statement]);
    return { from: known.sequence, to: newest.sequence };
  }

  /** The position at that place, from the beginning to which every entry is as it was written. */
  private async prove(realm: Realm, known: AuditLog, last: number): Promise<Position> {
    const { log } = known;
    const key = await this.logs.keyOf(log);
    const base = await this.checkpoints.baseOf(known);
    if (!base) throw new BrokenLogError(log, known.baseSequence);
    let previous: Position = base;
    while (previous.sequence < last) {
      const from: Position = previous;
      const count = Math.min(PAGE, last - from.sequence);
      const page = await this.door.apart(realm, (tables) => tables.linksAfter(from.sequence, count));
      for (const { link, event } of page) {
        if (faultIn({ log, key, previous }, link, event))
          throw new BrokenLogError(log, previous.sequence + 1);
        previous = { sequence: link.sequence, hash: link.hash };
      }
      if (previous === from) throw new BrokenLogError(log, from.sequence + 1);
    }
    return previous;
  }
}
