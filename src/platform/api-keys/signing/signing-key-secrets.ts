import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { FieldSealer, type Place } from '../../protection/field-sealer.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import type { VerificationKey } from './signing-algorithms.js';
import type { RequestSigningKey } from './signing-key.entity.js';

/** As long as what SHA-256 makes (RFC 2104, 3). */
const SECRET_BYTES = 32;

/** The HMAC secrets of signing keys, sealed to their rows in the database. */
@Injectable()
export class SigningKeySecrets {
  constructor(
    private readonly sealer: FieldSealer,
    private readonly context: TenantContext,
  ) {}

  /** A new secret in base64, and what to keep of it in the row of this id. */
  async make(id: string): Promise<{ secret: string; sealed: string }> {
    const secret = randomBytes(SECRET_BYTES).toString('base64');
    return { secret, sealed: await this.sealer.seal(this.placeOf(id), secret) };
  }

  async verificationKey({
    id,
    algorithm,
    publicKey,
    sealedSecret,
  }: RequestSigningKey): Promise<VerificationKey> {
    if (algorithm !== 'hmac-sha256') return { algorithm, publicKey: publicKey ?? '' };
    const secret = await this.sealer.open(this.placeOf(id), sealedSecret ?? '');
    return { algorithm, secret: Buffer.from(secret, 'base64') };
  }

  private placeOf(row: string): Place {
    const { tenantId } = this.context.binding;
    return { tenantId, table: 'request_signing_key', column: 'sealed_secret', row };
  }
}
