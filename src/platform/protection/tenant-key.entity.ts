import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { Internal, Secret } from '../../kernel/classification.js';

/** `fields`: values in the database; `files`: contents of files. */
export type KeyPurpose = 'fields' | 'files';

/** A data key, wrapped by the master key. The row stays when the key is destroyed, to tell when that was. */
@Entity({ schema: 'platform', name: 'tenant_key' })
export class TenantKey {
  /** The tenant's id, or `platform`. */
  @PrimaryColumn('text')
  @Internal()
  owner: string;

  @PrimaryColumn('text')
  @Internal()
  purpose: KeyPurpose;

  /** Counts from 1; the newest encrypts, all decrypt. */
  @PrimaryColumn('integer')
  generation: number;

  /** What names the key in what it has sealed. */
  @Column('uuid', { unique: true })
  kid: string;

  /** Null once the key is destroyed. */
  @Column('text', { nullable: true })
  @Secret()
  wrapped: string | null;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  destroyedAt: Date | null;
}
