import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Internal, Personal } from '../../../kernel/classification.js';
import { TenantResource } from '../../tenancy/tenant-resource.js';

/** A public key by whose private half a software agent signs in, and what it may do then. */
@Entity({ name: 'agent_credential' })
@Index('agent_credential_agent_id_public_key_idx', ['agentId', 'publicKey'], { unique: true })
@Index('agent_credential_created_at_id_idx', ['createdAt', 'id'])
@Index('agent_credential_vendor_id_created_at_id_idx', ['vendorId', 'createdAt', 'id'])
@Index('agent_credential_expires_at_idx', ['expiresAt'])
// By the tables' names, since what agents and vendors are concerns a storey above this one.
@ForeignKey('agent', ['agentId'], ['id'], { onDelete: 'CASCADE' })
@ForeignKey('vendor', ['vendorId'], ['id'], { onDelete: 'CASCADE' })
export class AgentCredential extends TenantResource {
  @Column('uuid')
  agentId: string;

  /** The agent's, for good. */
  @Column('uuid')
  vendorId: string;

  @Column('text')
  @Internal()
  name: string;

  /** Of Ed25519: the `x` of its JWK (RFC 8037). */
  @Column('text')
  @Internal()
  publicKey: string;

  /** As `agents:read:own`. What the vendor does not hold grants nothing. */
  @Column('text', { array: true })
  @Internal()
  permissions: string[];

  /** As `agents.phone`, or `agents.phone:update`. */
  @Column('text', { array: true })
  @Internal()
  exceptFields: string[];

  @Column({ type: 'timestamptz', precision: 3 })
  expiresAt: Date;

  /** The least number of days ahead at which the end was announced; null: not yet. */
  @Column('integer', { nullable: true })
  toldDays: number | null;

  /** When a token was last given for it. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  lastUsedAt: Date | null;

  /** Address of that client. */
  @Column('text', { nullable: true })
  @Personal('number')
  lastUsedFrom: string | null;
}

/** The id of an assertion that was used: whoever sends it again repeats a sign-in. */
@Entity({ name: 'agent_assertion' })
@Index('agent_assertion_expires_at_idx', ['expiresAt'])
@ForeignKey('agent_credential', ['credentialId'], ['id'], { onDelete: 'CASCADE' })
export class AgentAssertion {
  @PrimaryColumn('uuid')
  credentialId: string;

  @PrimaryColumn('text')
  @Internal()
  jti: string;

  /** From then on the assertion is refused for its age. */
  @Column({ type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}
