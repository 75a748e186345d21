import { Column, Entity, ForeignKey, Index } from 'typeorm';
import { Internal, Personal } from '../../kernel/classification.js';
import { TenantResource } from '../../platform/tenancy/tenant-resource.js';
import { Vendor } from '../vendors/vendor.entity.js';

export const AGENT_KINDS = ['human', 'software'] as const;
export type AgentKind = (typeof AGENT_KINDS)[number];

export const AGENT_STATUSES = ['pending', 'active', 'suspended', 'retired'] as const;
export type AgentStatus = (typeof AGENT_STATUSES)[number];

/** A person, or software, that acts for one vendor. */
@Entity({ name: 'agent' })
@Index('agent_created_at_id_idx', ['createdAt', 'id'])
@Index('agent_name_id_idx', ['name', 'id'])
@Index('agent_vendor_id_created_at_id_idx', ['vendorId', 'createdAt', 'id'])
@ForeignKey(() => Vendor, ['vendorId'], ['id'], { onDelete: 'CASCADE' })
export class Agent extends TenantResource {
  @Column('uuid')
  vendorId: string;

  @Column('text')
  @Personal('shown')
  name: string;

  @Column('text')
  @Internal()
  kind: AgentKind;

  @Column('text', { nullable: true })
  @Personal('email')
  email: string | null;

  @Column('text', { nullable: true })
  @Personal('number')
  phone: string | null;

  @Column('text')
  @Internal()
  status: AgentStatus;

  @Column('text', { array: true })
  @Internal()
  capabilities: string[];

  /** From then on the agent may no longer act. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  validUntil: Date | null;
}
