import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { Internal, Secret } from '../../../kernel/classification.js';

/** The public half of a key on an elliptic curve (RFC 7518, 6.2). */
export interface EllipticCurveJwk {
  kty: string;
  crv: string;
  x: string;
  y: string;
}

/** A key pair that signs access tokens; the private half is encrypted under the master key. */
@Entity({ schema: 'platform', name: 'signing_key' })
export class SigningKey {
  @PrimaryColumn('text')
  @Internal()
  kid: string;

  @Column('jsonb')
  @Internal()
  publicJwk: EllipticCurveJwk;

  /** Empty once the key is retired. */
  @Column('text')
  @Secret()
  privateJwe: string;

  /** When it takes over from the key before it. */
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' })
  signsFrom: Date;

  /** When the last token that it signed had expired; its private half is gone since. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  retiredAt: Date | null;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
