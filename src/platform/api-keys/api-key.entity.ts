import { Column, Entity, ForeignKey, Index } from 'typeorm';
import { Internal, Personal, Secret } from '../../kernel/classification.js';
import { TenantResource } from '../tenancy/tenant-resource.js';

/** By which a program calls, on behalf of the tenant or of one vendor. It is nobody's in person. */
@Entity({ name: 'api_key' })
@Index('api_key_created_at_id_idx', ['createdAt', 'id'])
@Index('api_key_vendor_id_created_at_id_idx', ['vendorId', 'createdAt', 'id'])
@Index('api_key_expires_at_idx', ['expiresAt'])
// By the table's name, since what a vendor is concerns a storey above this one.
@ForeignKey('vendor', ['vendorId'], ['id'], { onDelete: 'CASCADE' })
export class ApiKey extends TenantResource {
  /** The vendor that owns it; null: the tenant itself does. */
  @Column('uuid', { nullable: true })
  vendorId: string | null;

  @Column('text')
  @Internal()
  name: string;

  /** As `agents:read:own`. What the owner does not hold grants nothing. */
  @Column('text', { array: true })
  @Internal()
  permissions: string[];

  /** As `agents.phone`, or `agents.phone:update`. */
  @Column('text', { array: true })
  @Internal()
  exceptFields: string[];

  /** SHA-256 of the newest secret. */
  @Column('text')
  @Secret()
  secretHash: string;

  /** SHA-256 of the secret before the last rotation, which is good until `previousUntil`. */
  @Column('text', { nullable: true })
  @Secret()
  previousHash: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  previousUntil: Date | null;

  /** Whether each request must be signed too. */
  @Column('boolean', { default: false })
  requireSignature: boolean;

  @Column({ type: 'timestamptz', precision: 3 })
  expiresAt: Date;

  /** The least number of days ahead at which the end was announced; null: not yet. */
  @Column('integer', { nullable: true })
  toldDays: number | null;

  /** To the minute: it is not written at each request. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  lastUsedAt: Date | null;

  /** Address of that client. */
  @Column('text', { nullable: true })
  @Personal('number')
  lastUsedFrom: string | null;
}
