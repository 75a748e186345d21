import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { Internal } from '../../../kernel/classification.js';

/** That a tenant was deleted, signed. */
@Entity({ schema: 'platform', name: 'deletion_certificate' })
export class DeletionCertificate {
  @PrimaryColumn('uuid')
  tenantId: string;

  @Column('text', { unique: true })
  @Internal()
  slug: string;

  /** A compact JWS (RFC 7515). */
  @Column('text')
  @Internal()
  statement: string;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
