import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { FieldSealer } from '../../protection/field-sealer.js';
import { canonical } from './canonical.js';
import { payloadDigestOf, type Payload } from './entry.js';
import type { Realm } from './log-door.js';

const SALT_BYTES = 16;

/** Encrypts what of an entry is not for everybody, under the key of its tenant. */
@Injectable()
export class PayloadSealer {
  constructor(private readonly sealer: FieldSealer) {}

  async seal(
    realm: Realm,
    id: string,
    facts: Omit<Payload, 'salt'>,
  ): Promise<{ payload: string; payloadDigest: string }> {
    const payload: Payload = { salt: randomBytes(SALT_BYTES).toString('base64url'), ...facts };
    return {
      payload: await this.sealer.seal(placeOf(realm, id), canonical(payload)),
      payloadDigest: payloadDigestOf(payload),
    };
  }

  /** Throws when it was changed, or belongs to another entry. */
  async open(realm: Realm, { id, payload }: { id: string; payload: string }): Promise<Payload> {
    return JSON.parse(await this.sealer.open(placeOf(realm, id), payload)) as Payload;
  }
}

const placeOf = (realm: Realm, row: string) => ({
  tenantId: realm?.tenantId ?? null,
  table: 'audit_event',
  column: 'payload',
  row,
});
