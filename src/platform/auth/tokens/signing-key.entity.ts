import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

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
  kid: string;

  @Column('jsonb')
  publicJwk: EllipticCurveJwk;

  @Column('text')
  privateJwe: string;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
