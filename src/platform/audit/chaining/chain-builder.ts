import { Injectable, Logger } from '@nestjs/common';
import type { AuditLog } from '../log/audit-log.entity.js';
import { AuditLogs, BrokenLogError } from '../log/audit-logs.js';
import { faultIn, linkAfter, type Link, type Position } from '../log/chain.js';
import { Checkpoints } from '../log/checkpoints.js';
import { coreOf, digestOf, isSame, macOf } from '../log/entry.js';
import { LogDoor, logOf, type Realm } from '../log/log-door.js';
import type { LogTables } from '../log/log-tables.repository.js';

const BATCH = 500;

interface Batch {
  newest: Position;
  /** How many hints were looked at. */
  seen: number;
}

/** What came of building. */
export interface Built {
  /** The newest signed statement; undefined when nothing was new. */
  statement: string | undefined;
  /** Another builds at the same time, and may have looked before what is written now. */
  isTaken: boolean;
}

/**
 * Gives committed entries their place in the chain of their log, in batches, by whichever node comes first. Business
 * transactions take no lock for it: they add an entry with a code of its own, and the chain follows.
 */
@Injectable()
export class ChainBuilder {
  private readonly logger = new Logger(ChainBuilder.name);

  constructor(
    private readonly door: LogDoor,
    private readonly logs: AuditLogs,
    private readonly checkpoints: Checkpoints,
  ) {}

  /**
   * Chains all that waits, and records how far the log has come; without `wait`, not while another does. Throws
   * BrokenLogError rather than build upon a log from which something was cut off, or whose end the server has not made:
   * what it signs stands for all before it.
   */
  async build(realm: Realm, { wait = false } = {}): Promise<Built> {
    const log = logOf(realm);
    let statement: string | undefined;
    for (let isMore = true; isMore;) {
      const known = await this.logs.get(log);
      const batch = await this.buildUpon(realm, known, wait);
      if (batch === 'pruned') continue;
      if (batch === 'taken') return { statement, isTaken: true };
      isMore = batch.seen === BATCH;
      if (batch.newest.sequence === known.sequence) continue;
      statement = await this.checkpoints.sign(log, batch.newest);
      await this.logs.advance(known, batch.newest, statement, (sequence) =>
        this.door.apart(realm, (tables) => tables.linkAt(sequence)),
      );
    }
    return { statement, isTaken: false };
  }

  /** `pruned`: what was known of the log is out of date. */
  private async buildUpon(realm: Realm, known: AuditLog, wait: boolean): Promise<Batch | 'taken' | 'pruned'> {
    const base = await this.checkpoints.baseOf(known);
    if (!base) throw new BrokenLogError(known.log, known.baseSequence);
    try {
      return await this.door.within(realm, (tables) => this.buildBatch(tables, { known, base }, wait));
    } catch (error) {
      const { baseSequence } = await this.logs.get(known.log);
      if (error instanceof BrokenLogError && baseSequence > known.baseSequence) return 'pruned';
      throw error;
    }
  }

  private async buildBatch(
    tables: LogTables,
    { known, base }: { known: AuditLog; base: Position },
    wait: boolean,
  ): Promise<Batch | 'taken'> {
    const { log } = known;
    if (!(await tables.lock(log, wait))) return 'taken';
    const key = await this.logs.keyOf(log);
    let newest = await continued(tables, { known, base, key });
    const { ids, waiting, gone } = await tables.pending(BATCH);
    if (ids.length === 0) return { newest, seen: 0 };
    // Entry and hint are written by one statement, so somebody has removed it.
    for (const id of gone)
      this.logger.error(`entry ${id} of the audit log ${log} was gone before it was chained`);
    const links: (Link & { eventId: string })[] = [];
    for (const event of waiting) {
      const core = coreOf(log, event);
      if (!isSame(macOf(key, core), event.mac)) {
        // It stays where it is, without a link, and `verify` tells of it.
        this.logger.error(`entry ${event.id} of the audit log ${log} is forged, or was changed`);
        continue;
      }
      const link = linkAfter(key, newest, digestOf(core));
      links.push({ ...link, eventId: event.id });
      newest = link;
    }
    await tables.append(links, ids);
    return { newest, seen: ids.length };
  }
}

/** The newest link, if the log still goes on from where it was known to be, and the server made it. Throws BrokenLogError. */
async function continued(
  tables: LogTables,
  { known, base, key }: { known: AuditLog; base: Position; key: Uint8Array },
): Promise<Position> {
  const { log } = known;
  const link = await tables.newestLink();
  const newest: Position = link && link.sequence > base.sequence ? link : base;
  if (newest.sequence < known.sequence) throw new BrokenLogError(log, newest.sequence + 1);
  const positionAt = async (sequence: number): Promise<Position | null> =>
    sequence === base.sequence ? base : sequence === newest.sequence ? newest : tables.linkAt(sequence);
  if ((await positionAt(known.sequence))?.hash !== known.hash) throw new BrokenLogError(log, known.sequence);
  if (!link || newest === base) return base;
  const previous = await positionAt(link.sequence - 1);
  const event = (await tables.eventsOf([link.eventId])).get(link.eventId);
  if (!previous || faultIn({ log, key, previous }, link, event)) throw new BrokenLogError(log, link.sequence);
  return newest;
}
