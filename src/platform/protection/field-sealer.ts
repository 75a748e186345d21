import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { MASTER_KEY } from '../config/config.module.js';
import { derivedKey, open, seal } from './sealing.js';

/** Where a value lives. A sealed value opens in its own place alone. */
export interface Place {
  /** Null in the registry. */
  tenantId: string | null;
  table: string;
  column: string;
  /** Id of the row. */
  row: string;
}

/** Encrypts single values (AES-256-GCM) under a key of their tenant, bound to their place. */
@Injectable()
export class FieldSealer {
  constructor(@Inject(MASTER_KEY) private readonly masterKey: Buffer) {}

  async seal(place: Place, plaintext: string): Promise<string> {
    return seal(this.keyOf(place), { place: nameOf(place) }, plaintext);
  }

  /** Throws when the value was sealed for another place, under another key, or was changed. */
  async open(place: Place, sealed: string): Promise<string> {
    const { plaintext, header } = await open(this.keyOf(place), sealed);
    if (header['place'] !== nameOf(place)) throw new Error('a sealed value stands in another place');
    return plaintext;
  }

  /**
   * A digest (HMAC-SHA-256, base64url) under a key of the tenant, by which equal texts are found. Without the master key
   * no guess can be tried against it, as it could against a bare hash.
   */
  digest(tenantId: string | null, text: string): string {
    const key = derivedKey(this.masterKey, `ringfence/digest/${tenantId ?? 'platform'}`);
    return createHmac('sha256', key).update(text).digest('base64url');
  }

  private keyOf({ tenantId }: Place): Uint8Array {
    return derivedKey(this.masterKey, `ringfence/field-encryption/${tenantId ?? 'platform'}`);
  }
}

const nameOf = ({ table, column, row }: Place): string => `${table}/${column}/${row}`;
