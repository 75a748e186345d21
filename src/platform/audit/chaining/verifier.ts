import { Injectable } from '@nestjs/common';
import type { AuditLog } from '../log/audit-log.entity.js';
import { AuditLogs, BrokenLogError } from '../log/audit-logs.js';
import type { Position } from '../log/chain.js';
import { Checkpoints } from '../log/checkpoints.js';
import { coreOf, isSame, macOf } from '../log/entry.js';
import { LogDoor, logOf, type Realm } from '../log/log-door.js';
import { PayloadSealer } from '../log/payload-sealer.js';
import { Sequencer } from './sequencer.js';
import { Turns } from './turns.js';
import { Walk, type Bad } from './walk.js';

const PAGE = 500;
const TOLD_UNLINKED = 1000;

export interface Verification {
  valid: boolean;
  /** How many entries of the chain are there and were looked at. */
  entries: number;
  head: Position;
  firstBad?: Bad;
}

/** Proves a log: every entry as it was written, none missing, none added, and as far as it was known to have come. */
@Injectable()
export class Verifier {
  private readonly turns = new Turns<Verification>();

  constructor(
    private readonly door: LogDoor,
    private readonly logs: AuditLogs,
    private readonly checkpoints: Checkpoints,
    private readonly sealer: PayloadSealer,
    private readonly sequencer: Sequencer,
  ) {}

  /** Reads the whole log; who asks while that is done for another shares the next time, which begins after they asked. */
  verify(realm: Realm): Promise<Verification> {
    return this.turns.take(logOf(realm), () => this.verifyNow(realm));
  }

  private async verifyNow(realm: Realm): Promise<Verification> {
    await this.catchUp(realm);
    for (;;) {
      const known = await this.logs.get(logOf(realm));
      const result = await this.follow(realm, known);
      // A pruning while this reads takes away what was to be read.
      if (result.valid || (await this.logs.get(known.log)).baseSequence <= known.baseSequence) return result;
    }
  }

  private async follow(realm: Realm, known: AuditLog): Promise<Verification> {
    const { log, baseSequence, baseHash } = known;
    const base = await this.checkpoints.baseOf(known);
    const walk = new Walk(base ?? { sequence: baseSequence, hash: baseHash }, {
      log,
      key: await this.logs.keyOf(log),
      open: (event) => this.sealer.open(realm, event),
    });
    if (!base) return resultOf(walk, { sequence: baseSequence + 1, fault: 'beginning_missing' });
    walk.mustPass({ sequence: known.sequence, hash: known.hash });
    const exported = await this.checkpoints.exported(log);
    if (exported) walk.mustPass(exported);
    for (;;) {
      const page = await this.door.apart(realm, (tables) => tables.linksAfter(walk.position.sequence, PAGE));
      for (const { link, event } of page) {
        const fault = await walk.step(link, event);
        if (fault) return resultOf(walk, fault);
      }
      if (page.length < PAGE) break;
    }
    return resultOf(walk, walk.missingTail() ?? (await this.forged(realm, walk)));
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
  private async forged(realm: Realm, { position }: Walk): Promise<Bad | undefined> {
    const log = logOf(realm);
    const key = await this.logs.keyOf(log);
    const unlinked = await this.door.apart(realm, (tables) => tables.unlinked(TOLD_UNLINKED));
    const isForged = unlinked.some((event) => !isSame(macOf(key, coreOf(log, event)), event.mac));
    if (isForged) return { sequence: position.sequence + 1, fault: 'entry_forged' };
    if (unlinked.length > 0) {
      await this.door.within(realm, async (tables) => {
        await tables.lock(log, true);
        await tables.remind();
      });
      await this.catchUp(realm);
    }
    return undefined;
  }
}

const resultOf = ({ position, entries }: Walk, firstBad: Bad | undefined): Verification => ({
  valid: firstBad === undefined,
  entries,
  head: position,
  ...(firstBad && { firstBad }),
});
