import type { JWK } from 'jose';
import { genesisOf, positionAfter, type Position } from '../log/chain.js';
import { newestIn, verifyCheckpoint, type Checkpoint, type CheckpointKind } from '../log/checkpoint.js';
import { digestOf, payloadDigestOf } from '../log/entry.js';
import type { LogLine } from './audit-stream.js';

export interface OfflineVerification {
  valid: boolean;
  log: string | null;
  entries: number;
  /** The newest position that a signature proves. */
  head: Position | null;
  /** Whether it begins with the first entry that there ever was. */
  isWhole: boolean;
  firstBad?: { sequence: number; fault: string };
}

/**
 * Verifies an exported log with nothing but public keys: no database, no secret. `checkpoints` is a file of exported ones,
 * by which a log that ends too early, or is an older copy, is found.
 */
export async function verifyOffline(
  lines: AsyncIterable<string>,
  keys: readonly JWK[],
  checkpoints?: string,
): Promise<OfflineVerification> {
  const proof = new Proof(keys, checkpoints);
  for await (const line of lines) {
    if (line.trim() === '') continue;
    const fault = await proof.add(parse(line));
    if (fault !== undefined) return proof.result(fault);
  }
  return proof.result(proof.ending());
}

function parse(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}

class Proof {
  log: string | null = null;
  private position: Position | undefined;
  private proven: Position | null = null;
  private start = 0;
  private newest: Checkpoint | undefined;

  constructor(
    private readonly keys: readonly JWK[],
    private readonly checkpoints: string | undefined,
  ) {}

  /** The fault of the line; undefined when it is right. */
  async add(line: LogLine | undefined): Promise<string | undefined> {
    switch (line?.type) {
      case 'start':
        return this.begin(line);
      case 'entry':
        return this.follow(line);
      case 'checkpoint':
        return this.prove(line.checkpoint, 'head');
      default:
        return 'this is no line of an exported log';
    }
  }

  ending(): string | undefined {
    if (!this.position || this.proven?.sequence !== this.position.sequence)
      return 'the end is not proved by a checkpoint: something may be cut off';
    return this.newest && this.newest.sequence > this.position.sequence
      ? `the log is known to go on to entry ${this.newest.sequence}`
      : undefined;
  }

  result(fault: string | undefined): OfflineVerification {
    const sequence = this.position?.sequence ?? 0;
    return {
      valid: fault === undefined,
      log: this.log,
      entries: sequence - this.start,
      head: this.proven,
      isWhole: this.start === 0,
      ...(fault !== undefined && { firstBad: { sequence: sequence + 1, fault } }),
    };
  }

  private async begin(line: LogLine & { type: 'start' }): Promise<string | undefined> {
    const { log, sequence, hash, checkpoint } = line;
    if (this.position) return this.goOn(line);
    [this.log, this.start, this.position] = [log, sequence, { sequence, hash }];
    if (this.checkpoints !== undefined) this.newest = await newestIn(this.checkpoints, log, this.keys);
    if (sequence === 0) return hash === genesisOf(log).hash ? undefined : 'this is not how the log begins';
    return checkpoint === null ? undefined : this.prove(checkpoint, 'base');
  }

  /** A further part of the same log. */
  private goOn({ log, sequence, hash }: LogLine & { type: 'start' }): string | undefined {
    const isNext = log === this.log && sequence === this.position?.sequence && hash === this.position.hash;
    return isNext ? undefined : 'the parts do not follow upon one another';
  }

  private follow({ sequence, hash, entry, payload }: LogLine & { type: 'entry' }): string | undefined {
    if (!this.position) return 'the line that says where it begins is missing';
    if (sequence !== this.position.sequence + 1) return 'an entry is missing';
    if (entry.log !== this.log) return 'this is an entry of another log';
    const next = positionAfter(this.position, digestOf(entry));
    if (next.hash !== hash) return 'the entry was changed, or is not in its place';
    if (payload && 'salt' in payload && payloadDigestOf(payload) !== entry.payloadDigest)
      return 'the values were changed';
    if (this.newest?.sequence === sequence && this.newest.hash !== hash)
      return 'the entry is not what it was known to be';
    this.position = next;
    return undefined;
  }

  private async prove(statement: string, of: CheckpointKind): Promise<string | undefined> {
    try {
      const { log, kind, sequence, hash } = await verifyCheckpoint(statement, this.keys);
      const isHere =
        kind === of &&
        log === this.log &&
        sequence === this.position?.sequence &&
        hash === this.position.hash;
      if (!isHere) return 'the checkpoint is of another log, or of another place in it';
      this.proven = { sequence, hash };
      return undefined;
    } catch {
      return 'the checkpoint is not signed with this key';
    }
  }
}
