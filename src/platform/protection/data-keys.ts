import { Inject, Injectable } from '@nestjs/common';
import { MASTER_KEY } from '../config/config.module.js';
import { derivedKey } from './sealing.js';

/** The keys under which data of tenants outside the database are encrypted. */
@Injectable()
export class DataKeys {
  constructor(@Inject(MASTER_KEY) private readonly masterKey: Buffer) {}

  /** 32 bytes, the tenant's own, and the same for as long as the tenant exists. */
  ofFiles(tenantId: string): Promise<Uint8Array> {
    return Promise.resolve(derivedKey(this.masterKey, `ringfence/file-encryption/${tenantId}`));
  }
}
