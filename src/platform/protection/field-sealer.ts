import { hkdf } from 'node:crypto';
import { promisify } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { compactDecrypt, CompactEncrypt } from 'jose';
import { MASTER_KEY } from '../config/config.module.js';

const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const;
const KEY_BYTES = 32;
const deriveKey = promisify(hkdf);

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
    return new CompactEncrypt(Buffer.from(plaintext))
      .setProtectedHeader({ ...ENCRYPTION, place: nameOf(place) })
      .encrypt(await this.keyOf(place.tenantId));
  }

  /** Throws when the value was sealed for another place, under another key, or was changed. */
  async open(place: Place, sealed: string): Promise<string> {
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, await this.keyOf(place.tenantId), {
      keyManagementAlgorithms: [ENCRYPTION.alg],
      contentEncryptionAlgorithms: [ENCRYPTION.enc],
    });
    if (protectedHeader['place'] !== nameOf(place)) throw new Error('a sealed value stands in another place');
    return Buffer.from(plaintext).toString();
  }

  private async keyOf(tenantId: string | null): Promise<Uint8Array> {
    const info = `ringfence/field-encryption/${tenantId ?? 'platform'}`;
    return new Uint8Array(await deriveKey('sha256', this.masterKey, '', info, KEY_BYTES));
  }
}

const nameOf = ({ table, column, row }: Place): string => `${table}/${column}/${row}`;
