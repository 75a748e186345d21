import { Injectable } from '@nestjs/common';
import { TenantKeys } from '../../protection/tenant-keys.js';
import { Checkpoints } from '../log/checkpoints.js';
import { DeletionCertificatesRepository } from './deletion-certificates.repository.js';

export const CERTIFICATE_TYPE = 'deletion-certificate+jwt';

/** What a certificate states. */
export interface DeletionStatement {
  tenant: { id: string; slug: string };
  /** Destroying the keys of encrypted data (NIST SP 800-88r1, 2.6), then the data itself. */
  method: 'cryptographic_erase';
  /** The data keys that were destroyed; what they have sealed opens nowhere any more. */
  keys: { kid: string; purpose: string; createdAt: string; destroyedAt: string }[];
  /** RFC 3339 */
  at: string;
}

/** States, signed with the audit log's key, that a tenant's data are gone; verified with `ringfence audit key` alone. */
@Injectable()
export class DeletionCertificates {
  constructor(
    private readonly certificates: DeletionCertificatesRepository,
    private readonly keys: TenantKeys,
    private readonly checkpoints: Checkpoints,
  ) {}

  /** Certifies the deletion under way, when keys and schema are gone. May be called again. */
  async issue(tenantId: string): Promise<void> {
    const tenant = await this.certificates.dying(tenantId);
    if (!tenant) return;
    const destroyed = await this.keys.destroyed(tenantId);
    const statement: DeletionStatement = {
      tenant: { id: tenantId, slug: tenant.slug },
      method: 'cryptographic_erase',
      keys: destroyed.map(({ kid, purpose, createdAt, destroyedAt }) => ({
        kid,
        purpose,
        createdAt: createdAt.toISOString(),
        destroyedAt: destroyedAt!.toISOString(),
      })),
      at: new Date().toISOString(),
    };
    const signed = await this.checkpoints.signStatement(CERTIFICATE_TYPE, statement);
    await this.certificates.add(tenantId, tenant.slug, signed);
  }

  /** The certificate of the tenant that had this slug, as a compact JWS; undefined when none was deleted. */
  async find(slug: string): Promise<string | undefined> {
    return (await this.certificates.find(slug))?.statement;
  }
}
