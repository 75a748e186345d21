import { Column, Entity } from 'typeorm';
import { TenantResource } from '../../platform/tenancy/tenant.repository.js';

@Entity({ name: 'agent' })
export class Agent extends TenantResource {
  @Column('uuid')
  vendorId: string;

  @Column('text')
  name: string;

  @Column('text')
  kind: string;

  @Column('text')
  status: string;

  @Column('text', { array: true })
  capabilities: string[];
}
