import { Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { SupportAccess } from './support-access.entity.js';

/** The consent of the tenant that is bound to the call. */
@Injectable()
export class SupportAccessRepository {
  constructor(private readonly context: TenantContext) {}

  /** The consent that holds now. */
  async find(): Promise<SupportAccess | null> {
    return this.rows.findOneBy({ until: MoreThan(new Date()) });
  }

  /** As `find`, for a transaction: nobody takes it back or changes it before that has ended. */
  async hold(): Promise<SupportAccess | null> {
    return this.rows.findOne({ where: { until: MoreThan(new Date()) }, lock: { mode: 'pessimistic_read' } });
  }

  async replace(consent: Pick<SupportAccess, 'until' | 'allowWrites' | 'grantedBy'>): Promise<SupportAccess> {
    const { tenantId: id } = this.context.binding;
    const row = { ...consent, id, grantedAt: new Date() };
    await this.rows.upsert(row, ['id']);
    return row;
  }

  async remove(): Promise<void> {
    await this.rows.createQueryBuilder().delete().execute();
  }

  private get rows() {
    return this.context.manager.getRepository(SupportAccess);
  }
}
