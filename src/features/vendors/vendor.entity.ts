import { Column, Entity, Index } from 'typeorm';
import { TenantResource } from '../../platform/tenancy/tenant.repository.js';

export const VENDOR_STATUSES = ['pending', 'active', 'suspended'] as const;
export type VendorStatus = (typeof VENDOR_STATUSES)[number];

/** A company that supplies the tenant. */
@Entity({ name: 'vendor' })
@Index('vendor_created_at_id_idx', ['createdAt', 'id'])
@Index('vendor_name_id_idx', ['name', 'id'])
export class Vendor extends TenantResource {
  @Column('text')
  name: string;

  @Column('text', { nullable: true })
  legalName: string | null;

  @Column('text')
  contactEmail: string;

  @Column('text', { nullable: true })
  contactPhone: string | null;

  @Column('text', { nullable: true })
  taxId: string | null;

  @Column('text', { nullable: true })
  website: string | null;

  @Column('text')
  status: VendorStatus;

  @Column('text', { array: true })
  tags: string[];
}
