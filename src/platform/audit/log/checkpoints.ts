import { appendFile } from 'node:fs/promises';
import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair } from 'jose';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { FieldSealer } from '../../protection/field-sealer.js';
import type { AuditKey } from './audit-log.entity.js';
import { AuditLogsRepository } from './audit-logs.repository.js';
import type { Position } from './chain.js';
import {
  CHECKPOINT_ALGORITHM,
  CHECKPOINT_TYPE,
  newestIn,
  type Checkpoint,
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
  async sign(log: string, { sequence, hash }: Position): Promise<string> {
    const { kid, privateKey } = await this.load();
    const checkpoint: Checkpoint = { log, sequence, hash, at: new Date().toISOString() };
    return new CompactSign(Buffer.from(JSON.stringify(checkpoint)))
      .setProtectedHeader({ alg: CHECKPOINT_ALGORITHM, typ: CHECKPOINT_TYPE, kid })
      .sign(privateKey);
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
    const { kid, sealedPrivateKey } = rows[0]!;
    const jwk = JSON.parse(await this.sealer.open(placeOf(kid), sealedPrivateKey)) as JsonWebKey;
    return {
      kid,
      privateKey: createPrivateKey({ key: jwk, format: 'jwk' }),
      published: rows.map(({ kid, publicJwk }) => ({
        ...publicJwk,
        kid,
        alg: CHECKPOINT_ALGORITHM,
        use: 'sig',
      })),
    };
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
