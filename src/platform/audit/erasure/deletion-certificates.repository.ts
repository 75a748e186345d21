import { Inject, Injectable } from '@nestjs/common';
import { Registry } from '../../tenancy/registry/registry.js';
import { Tenant } from '../../tenancy/registry/tenant.entity.js';
import { DeletionCertificate } from './deletion-certificate.entity.js';

@Injectable()
export class DeletionCertificatesRepository {
  constructor(@Inject(Registry) private readonly registry: Registry) {}

  /** The tenant, if it is being deleted; one that was never finished is cleared away without a certificate. */
  dying(id: string): Promise<Tenant | null> {
    return this.registry.getRepository(Tenant).findOneBy({ id, status: 'deleting' });
  }

  find(slug: string): Promise<DeletionCertificate | null> {
    return this.registry.getRepository(DeletionCertificate).findOneBy({ slug });
  }

  /** Keeps the first: a deletion that a crash interrupted is certified once. */
  async add(tenantId: string, slug: string, statement: string): Promise<void> {
    await this.registry
      .getRepository(DeletionCertificate)
      .createQueryBuilder()
      .insert()
      .values({ tenantId, slug, statement })
      .orIgnore()
      .execute();
  }
}
