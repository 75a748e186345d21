import { Injectable } from '@nestjs/common';
import { AuditLogs, BrokenLogError } from '../log/audit-logs.js';
import { Checkpoints } from '../log/checkpoints.js';
import { LogDoor, logOf, type Realm } from '../log/log-door.js';

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

  /** Lets the log begin after its newest entry of before that time; returns that entry's place. Throws BrokenLogError. */
  async setBase(realm: Realm, before: Date): Promise<number> {
    const log = logOf(realm);
    const known = await this.logs.get(log);
    const first = await this.door.apart(realm, (tables) => tables.firstSince(before));
    const last = Math.min(first === undefined ? known.sequence : first - 1, known.sequence);
    if (last <= known.baseSequence) return known.baseSequence;
    const link = await this.door.apart(realm, (tables) => tables.linkAt(last));
    if (!link) throw new BrokenLogError(log, last);
    await this.logs.setBase(log, link, await this.checkpoints.sign(log, link));
    return last;
  }

  /** Takes the log as it is for whole: its newest link is where it goes on. For who knows what became of the rest. */
  async accept(realm: Realm): Promise<{ from: number; to: number }> {
    const log = logOf(realm);
    const known = await this.logs.get(log);
    const base = { sequence: known.baseSequence, hash: known.baseHash };
    const newest = (await this.door.apart(realm, (tables) => tables.newestLink())) ?? base;
    await this.logs.accept(log, newest, await this.checkpoints.sign(log, newest));
    return { from: known.sequence, to: newest.sequence };
  }
}
