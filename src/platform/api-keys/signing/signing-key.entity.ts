import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Internal, Secret } from '../../../kernel/classification.js';
import { TenantResource } from '../../tenancy/tenant-resource.js';
import type { SigningAlgorithm } from './signing-algorithms.js';

/** With which programs of its owner sign their requests: a public key, or a secret that both sides have. */
@Entity({ name: 'request_signing_key' })
@Index('request_signing_key_created_at_id_idx', ['createdAt', 'id'])
@Index('request_signing_key_vendor_id_created_at_id_idx', ['vendorId', 'createdAt', 'id'])
// By the table's name, since what a vendor is concerns a storey above this one.
@ForeignKey('vendor', ['vendorId'], ['id'], { onDelete: 'CASCADE' })
export class RequestSigningKey extends TenantResource {
  /** The vendor that owns it; null: the tenant itself does. */
  @Column('uuid', { nullable: true })
  vendorId: string | null;

  @Column('text')
  @Internal()
  name: string;

  @Column('text')
  @Internal()
  algorithm: SigningAlgorithm;

  /** SPKI in PEM; null of an HMAC secret. */
  @Column('text', { nullable: true })
  @Internal()
  publicKey: string | null;

  /** The HMAC secret, sealed; null of a public key. */
  @Column('text', { nullable: true })
  @Secret()
  sealedSecret: string | null;
}

/** A nonce that was used: whoever sends it again with the same key repeats a request. */
@Entity({ name: 'request_nonce' })
@Index('request_nonce_expires_at_idx', ['expiresAt'])
@ForeignKey('request_signing_key', ['signingKeyId'], ['id'], { onDelete: 'CASCADE' })
export class RequestNonce {
  @PrimaryColumn('uuid')
  signingKeyId: string;

  @PrimaryColumn('text')
  @Internal()
  nonce: string;

  /** From then on the request is refused for its age. */
  @Column({ type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}
