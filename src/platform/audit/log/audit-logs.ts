import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { FieldSealer } from '../../protection/field-sealer.js';
import type { AuditLog } from './audit-log.entity.js';
import { AuditLogsRepository } from './audit-logs.repository.js';
import { genesisOf, type Position } from './chain.js';

const KEY_BYTES = 32;
const REMEMBERED_KEYS = 5000;
const ATTEMPTS = 5;

/** The database and what the registry, or an exported checkpoint, says of the log disagree: links were cut off or exchanged. */
export class BrokenLogError extends Error {
  constructor(
    readonly log: string,
    readonly sequence: number,
  ) {
    super(`the audit log ${log} is not what was known of it at entry ${sequence}`);
    this.name = 'BrokenLogError';
  }
}

/** The keys of the logs, and how far each has come by what is kept outside of it. */
@Injectable()
export class AuditLogs {
  private readonly keys = new LRUCache<string, Promise<Uint8Array>>({ max: REMEMBERED_KEYS });

  constructor(
    private readonly logs: AuditLogsRepository,
    private readonly sealer: FieldSealer,
  ) {}

  /** What is known of the log. One that nobody has written to yet is begun. */
  async get(log: string): Promise<AuditLog> {
    return (await this.logs.find(log)) ?? this.begin(log);
  }

  /** The key of the log's HMACs: random, kept encrypted in the registry, and decrypted in memory alone. */
  keyOf(log: string): Promise<Uint8Array> {
    const known = this.keys.get(log);
    if (known) return known;
    const key = this.open(log);
    this.keys.set(log, key);
    key.catch(() => this.keys.delete(log));
    return key;
  }

  /**
   * Records that the chain has come to that position. Whoever was faster may have recorded more; then `find` must know
   * the position that they did. Throws BrokenLogError.
   */
  async advance(
    from: AuditLog,
    to: Position,
    checkpoint: string,
    find: (sequence: number) => Promise<Position | null>,
  ): Promise<void> {
    let known = from;
    for (let attempt = 1; known.sequence < to.sequence && attempt <= ATTEMPTS; attempt++) {
      if (await this.logs.advance(known.log, known, to, checkpoint)) return;
      known = await this.get(known.log);
      const link = known.sequence === to.sequence ? to : await find(known.sequence);
      if (known.sequence > known.baseSequence && link?.hash !== known.hash)
        throw new BrokenLogError(known.log, known.sequence);
    }
  }

  setBase(log: string, base: Position, checkpoint: string): Promise<void> {
    return this.logs.setBase(log, base, checkpoint);
  }

  /** Takes the log as it is for whole from now on. For an operator who knows why it is not what it was. */
  async accept(log: string, newest: Position, checkpoint: string): Promise<void> {
    const { sequence, hash } = await this.get(log);
    await this.logs.advance(log, { sequence, hash }, newest, checkpoint);
  }

  async forget(log: string): Promise<void> {
    this.keys.delete(log);
    await this.logs.remove(log);
  }

  private async open(log: string): Promise<Uint8Array> {
    const { sealedKey } = await this.get(log);
    return Buffer.from(await this.sealer.open(placeOf(log), sealedKey), 'base64url');
  }

  private async begin(log: string): Promise<AuditLog> {
    const key = randomBytes(KEY_BYTES).toString('base64url');
    return this.logs.ensure(log, await this.sealer.seal(placeOf(log), key), genesisOf(log));
  }
}

const placeOf = (log: string) => ({ tenantId: null, table: 'audit_log', column: 'sealed_key', row: log });
