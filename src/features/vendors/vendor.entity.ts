import { Column, Entity, Index } from 'typeorm';
import { Confidential, Internal, Personal } from '../../kernel/classification.js';
import { TenantResource } from '../../platform/tenancy/tenant-resource.js';

export const VENDOR_STATUSES = ['pending', 'active', 'suspended'] as const;
export type VendorStatus = (typeof VENDOR_STATUSES)[number];

/** A company that supplies the tenant. */
@Entity({ name: 'vendor' })
@Index('vendor_created_at_id_idx', ['createdAt', 'id'])
@Index('vendor_name_id_idx', ['name', 'id'])
export class Vendor extends TenantResource {
  @Column('text')
  @Internal()
  name: string;

  @Column('text', { nullable: true })
  @Internal()
  legalName: string | null;

  @Column('text')
  @Personal('email')
  contactEmail: string;

  @Column('text', { nullable: true })
  @Personal('number')
  contactPhone: string | null;

  @Column('text', { nullable: true })
  @Confidential('number')
  taxId: string | null;

  @Column('text', { nullable: true })
  @Internal()
  website: string | null;

  @Column('text')
  @Internal()
  status: VendorStatus;

  @Column('text', { array: true })
  @Internal()
  tags: string[];
}
