import { appendFile } from 'node:fs/promises';
import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair } from 'jose';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { FieldSealer } from '../../protection/field-sealer.js';
import type { AuditKey, AuditLog } from './audit-log.entity.js';
import { AuditLogsRepository } from './audit-logs.repository.js';
import { genesisOf, type Position } from './chain.js';
import {
  CHECKPOINT_ALGORITHM,
  CHECKPOINT_TYPE,
  newestIn,
  verifyCheckpoint,
  type Checkpoint,
  type CheckpointKind,
  type PublicJwk,
} from './checkpoint.js';

const STANDARD_OUTPUT = '-';

interface Keys {
  kid: string;
  privateKey: KeyObject;
  published: PublicJwk[];
}

/** Signs how far a log has come, so that it can be proved to those who have the public key alone. */
@Injectable()
export class Checkpoints {
  private keys: Promise<Keys> | undefined;

  constructor(
    private readonly logs: AuditLogsRepository,
    private readonly sealer: FieldSealer,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** A signed statement (JWS, RFC 7515) of the position in the log. */
  async sign(log: string, { sequence, hash }: Position, kind: CheckpointKind = 'head'): Promise<string> {
    const checkpoint: Checkpoint = { log, kind, sequence, hash, at: new Date().toISOString() };
    return this.signStatement(CHECKPOINT_TYPE, checkpoint);
  }

  /** As a compact JWS of that type (`typ`), so that no statement passes for one of another kind. */
  async signStatement(type: string, statement: object): Promise<string> {
    const { kid, privateKey } = await this.load();
    return new CompactSign(Buffer.from(JSON.stringify(statement)))
      .setProtectedHeader({ alg: CHECKPOINT_ALGORITHM, typ: type, kid })
      .sign(privateKey);
  }

  /**
   * Where the log begins: with its first entry, or where a pruning has signed that it does. Undefined when the registry
   * says something else, which the server has not written.
   */
  async baseOf({ log, baseSequence, baseHash, baseCheckpoint }: AuditLog): Promise<Position | undefined> {
    const base = { sequence: baseSequence, hash: baseHash };
    if (baseSequence === 0) return baseHash === genesisOf(log).hash ? base : undefined;
    if (baseCheckpoint === null) return undefined;
    const signed = await verifyCheckpoint(baseCheckpoint, await this.published()).catch(() => undefined);
    const isThis = signed?.log === log && signed.sequence === baseSequence && signed.hash === baseHash;
    return isThis && signed.kind === 'base' ? base : undefined;
  }

  /** The public keys, newest first. */
  async published(): Promise<PublicJwk[]> {
    return (await this.load()).published;
  }

  /** Takes signed statements off this database, to AUDIT_CHECKPOINT_FILE; nowhere when that is not set. */
  async export(statements: readonly string[]): Promise<void> {
    const { auditCheckpointFile: file } = this.config;
    if (file === undefined || statements.length === 0) return;
    const text = statements.map((checkpoint) => `${JSON.stringify({ checkpoint })}\n`).join('');
    if (file === STANDARD_OUTPUT) process.stdout.write(text);
    else await appendFile(file, text, { mode: 0o600, flush: true });
  }

  /** The newest exported statement on the log; undefined when none is known. Throws for a file that cannot be read. */
  async exported(log: string): Promise<Checkpoint | undefined> {
    const { auditCheckpointFile: file } = this.config;
    if (file === undefined || file === STANDARD_OUTPUT) return undefined;
    try {
      return await newestIn(file, log, await this.published());
    } catch (error) {
      // Nothing was exported yet.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  private load(): Promise<Keys> {
    this.keys ??= this.read().catch((error: unknown) => {
      this.keys = undefined;
      throw error;
    });
    return this.keys;
  }

  private async read(): Promise<Keys> {
    const rows = await this.logs.keysOrFirst(() => this.generate());
    const pairs = await Promise.all(rows.map((row) => this.open(row)));
    const { kid, jwk } = pairs[0]!;
    return {
      kid,
      privateKey: createPrivateKey({ key: jwk as unknown as JsonWebKey, format: 'jwk' }),
      published: pairs.map(({ kid, jwk: { kty, crv, x, y } }) => ({
        ...{ kty, crv, x, y },
        kid,
        alg: CHECKPOINT_ALGORITHM,
        use: 'sig',
      })),
    };
  }

  /** Throws for a pair that was not made here: whoever can write to the registry must not add a public key of their own. */
  private async open({ kid, sealedPrivateKey }: AuditKey) {
    const text = await this.sealer.open(placeOf(kid), sealedPrivateKey);
    return { kid, jwk: JSON.parse(text) as AuditKey['publicJwk'] };
  }

  private async generate(): Promise<Omit<AuditKey, 'createdAt'>> {
    const { publicKey, privateKey } = await generateKeyPair(CHECKPOINT_ALGORITHM, { extractable: true });
    const publicJwk = (await exportJWK(publicKey)) as AuditKey['publicJwk'];
    const kid = await calculateJwkThumbprint(publicJwk);
    const text = JSON.stringify(await exportJWK(privateKey));
    return { kid, publicJwk, sealedPrivateKey: await this.sealer.seal(placeOf(kid), text) };
  }
}

const placeOf = (kid: string) => ({
  tenantId: null,
  table: 'audit_key',
  column: 'sealed_private_key',
  row: kid,
});
