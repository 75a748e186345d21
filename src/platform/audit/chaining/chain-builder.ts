import { Injectable, Logger } from '@nestjs/common';
import type { AuditLog } from '../log/audit-log.entity.js';
import { AuditLogs, BrokenLogError } from '../log/audit-logs.js';
import { linkAfter, type Link, type Position } from '../log/chain.js';
import { Checkpoints } from '../log/checkpoints.js';
import { coreOf, digestOf, isSame, macOf } from '../log/entry.js';
import { LogDoor, logOf, type Realm } from '../log/log-door.js';
import type { LogTables } from '../log/log-tables.repository.js';

const BATCH = 500;

interface Batch {
  newest: Position;
  /** How many entries were looked at. */
  seen: number;
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
   * Chains all that waits, and records how far the log has come. Resolves to the newest signed statement; to undefined
   * when nothing was new, or, without `wait`, when another does it. Throws BrokenLogError rather than build upon a log
   * from which something was cut off.
   */
  async build(realm: Realm, { wait = false } = {}): Promise<string | undefined> {
    const log = logOf(realm);
    let statement: string | undefined;
    for (let isMore = true; isMore;) {
      const known = await this.logs.get(log);
      const batch = await this.door.within(realm, (tables) => this.buildBatch(tables, known, wait));
      if (!batch) return statement;
      isMore = batch.seen === BATCH;
      if (batch.newest.sequence === known.sequence) continue;
      statement = await this.checkpoints.sign(log, batch.newest);
      await this.logs.advance(known, batch.newest, statement, (sequence) =>
        this.door.apart(realm, (tables) => tables.linkAt(sequence)),
      );
    }
    return statement;
  }

  private async buildBatch(tables: LogTables, known: AuditLog, wait: boolean): Promise<Batch | undefined> {
    if (!(await tables.lock(known.log, wait))) return undefined;
    let newest = await continued(tables, known);
    const waiting = await tables.pending(BATCH);
    if (waiting.length === 0) return { newest, seen: 0 };
    const key = await this.logs.keyOf(known.log);
    const links: (Link & { eventId: string })[] = [];
    const refused: string[] = [];
    for (const event of waiting) {
      const core = coreOf(known.log, event);
      if (!isSame(macOf(key, core), event.mac)) {
        refused.push(event.id);
        continue;
      }
      const link = linkAfter(key, newest, digestOf(core));
      links.push({ ...link, eventId: event.id });
      newest = link;
    }
    await tables.append(links, refused);
    // It stays where it is, without a link, and `verify` tells of it.
    for (const id of refused)
      this.logger.error(`entry ${id} of the audit log ${known.log} is forged, or was changed`);
    return { newest, seen: waiting.length };
  }
}

/** The newest link, if the log still goes on from where it was known to be. Throws BrokenLogError. */
async function continued(tables: LogTables, known: AuditLog): Promise<Position> {
  const base = { sequence: known.baseSequence, hash: known.baseHash };
  const newest: Position = (await tables.newestLink()) ?? base;
  if (newest.sequence < known.sequence) throw new BrokenLogError(known.log, newest.sequence + 1);
  const at: Position | null =
    newest.sequence === known.sequence
      ? newest
      : known.sequence === base.sequence
        ? base
        : await tables.linkAt(known.sequence);
  if (at?.hash !== known.hash) throw new BrokenLogError(known.log, known.sequence);
  return newest;
}
