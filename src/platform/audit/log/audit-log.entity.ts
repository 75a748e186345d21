import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import { Internal, Secret } from '../../../kernel/classification.js';

const bigintAsNumber = { to: (value: number) => value, from: (value: string) => Number(value) };

/** What the registry keeps of each log, outside of it: its key, and how far it has come. */
@Entity({ schema: 'platform', name: 'audit_log' })
export class AuditLog {
  /** The tenant's id, or `platform`. */
  @PrimaryColumn('text')
  @Internal()
  log: string;

  /** Of the HMACs; encrypted. */
  @Column('text')
  @Secret()
  sealedKey: string;

  /** Of the newest link that the server has made; 0 before the first. */
  @Column('bigint', { transformer: bigintAsNumber })
  sequence: number;

  @Column('text')
  @Internal()
  hash: string;

  /** The two above, signed. */
  @Column('text', { nullable: true })
  @Internal()
  checkpoint: string | null;

  /** The newest link that retention has removed, as signed then; 0 while nothing was. */
  @Column('bigint', { transformer: bigintAsNumber })
  baseSequence: number;

  @Column('text')
  @Internal()
  baseHash: string;

  @Column('text', { nullable: true })
  @Internal()
  baseCheckpoint: string | null;

  @UpdateDateColumn({ type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}

/** A key pair that signs checkpoints; the newest signs, all verify. */
@Entity({ schema: 'platform', name: 'audit_key' })
export class AuditKey {
  /** Thumbprint of the public key (RFC 7638). */
  @PrimaryColumn('text')
  @Internal()
  kid: string;

  @Column('jsonb')
  @Internal()
  publicJwk: { kty: string; crv: string; x: string; y: string };

  /** Encrypted. */
  @Column('text')
  @Secret()
  sealedPrivateKey: string;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
