import { Column, Entity, ForeignKey, Index } from 'typeorm';
import { Internal, Personal } from '../../kernel/classification.js';
import { TenantResource } from '../../platform/tenancy/tenant-resource.js';
import { Agent } from '../agents/agent.entity.js';
import { Vendor } from '../vendors/vendor.entity.js';

/** What the virus scanner said of the content; `off` when there was none. Only `clean` and `off` are given out. */
export const SCAN_STATES = ['clean', 'pending', 'infected', 'off'] as const;
export type ScanState = (typeof SCAN_STATES)[number];

const bigintAsNumber = { to: (value: number) => value, from: (value: string) => Number(value) };

/** A document of a vendor, or of one of its agents; its bytes lie in the file storage, under its id. */
@Entity({ name: 'file' })
@Index('file_vendor_id_created_at_id_idx', ['vendorId', 'createdAt', 'id'])
@Index('file_agent_id_created_at_id_idx', ['agentId', 'createdAt', 'id'])
@Index('file_unscanned_idx', ['id'], { where: `scan = ANY (ARRAY['pending'::text, 'off'::text])` })
@ForeignKey(() => Vendor, ['vendorId'], ['id'], { onDelete: 'CASCADE' })
@ForeignKey(() => Agent, ['agentId'], ['id'], { onDelete: 'CASCADE' })
export class StoredFile extends TenantResource {
  /** The vendor itself, or the agent's. */
  @Column('uuid')
  vendorId: string;

  @Column('uuid', { nullable: true })
  agentId: string | null;

  /** As the sender called it, made harmless; to be shown only. */
  @Column('text')
  @Personal('shown')
  name: string;

  /** What the bytes are, whatever the sender said. */
  @Column('text')
  @Internal()
  mediaType: string;

  @Column('bigint', { transformer: bigintAsNumber })
  size: number;

  @Column('text')
  @Internal()
  sha256: string;

  @Column('text', { nullable: true })
  @Personal('shown')
  label: string | null;

  @Column('text')
  @Internal()
  scan: ScanState;

  /** Whether the content was encrypted when it was stored; then nothing else is taken for it. */
  @Column('boolean', { default: false })
  sealed: boolean;
}
