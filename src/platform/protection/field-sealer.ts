import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { MASTER_KEY } from '../config/config.module.js';
import { derivedKey, headerOf, open, seal } from './sealing.js';
import { PLATFORM } from './tenant-keys.repository.js';
import { TenantKeys } from './tenant-keys.js';

/** Where a value lives. A sealed value opens in its own place alone. */
export interface Place {
  /** Null in the registry. */
  tenantId: string | null;
  table: string;
  column: string;
  /** Id of the row. */
  row: string;
}

/** Encrypts single values (AES-256-GCM) under the data key of their tenant, bound to their place. */
@Injectable()
export class FieldSealer {
  constructor(
    private readonly keys: TenantKeys,
    @Inject(MASTER_KEY) private readonly masterKey: Buffer,
  ) {}

  async seal(place: Place, plaintext: string): Promise<string> {
    const { kid, key } = await this.keys.current(place.tenantId);
    return seal(key, { kid, place: nameOf(place) }, plaintext);
  }

  /**
   * Throws when the value was sealed for another place, under another key, or was changed; KeyDestroyedError when its key
   * is no more.
   */
  async open(place: Place, sealed: string): Promise<string> {
    const { kid } = headerOf(sealed);
    if (kid === undefined) return this.openOlder(place, sealed);
    const { key } = await this.keys.named(place.tenantId, kid);
    const { plaintext, header } = await open(key, sealed);
    if (header['place'] !== nameOf(place)) throw new Error('a sealed value stands in another place');
    return plaintext;
  }

  /**
   * A digest (HMAC-SHA-256, base64url) under a key of the tenant, by which equal texts are found. Without the master key
   * no guess can be tried against it, as it could against a bare hash.
   */
  digest(tenantId: string | null, text: string): string {
    const key = derivedKey(this.masterKey, `ringfence/digest/${tenantId ?? PLATFORM}`);
    return createHmac('sha256', key).update(text).digest('base64url');
  }

  /** What was sealed before tenants had data keys, under a key that comes of the master key. */
  private async openOlder({ tenantId, ...place }: Place, sealed: string): Promise<string> {
    const key = derivedKey(this.masterKey, `ringfence/field-encryption/${tenantId ?? PLATFORM}`);
    const { plaintext, header } = await open(key, sealed);
    if (header['place'] !== pathOf(place)) throw new Error('a sealed value stands in another place');
    return plaintext;
  }
}

const pathOf = ({ table, column, row }: Omit<Place, 'tenantId'>): string => `${table}/${column}/${row}`;
const nameOf = ({ tenantId, ...place }: Place): string => `${tenantId ?? PLATFORM}/${pathOf(place)}`;
