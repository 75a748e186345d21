import { Column, Entity } from 'typeorm';
import { TenantResource } from '../../platform/tenancy/tenant.repository.js';

@Entity({ name: 'vendor' })
export class Vendor extends TenantResource {
  @Column('text')
  name: string;

  @Column('text')
  contactEmail: string;

  @Column('text')
  status: string;

  @Column('text', { array: true })
  tags: string[];
}
