import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** The tenant's consent that operators act as its users for a while. One row at most, under the tenant's own id. */
@Entity({ name: 'support_access' })
export class SupportAccess {
  @PrimaryColumn('uuid')
  id: string;

  @Column({ type: 'timestamptz', precision: 3 })
  until: Date;

  /** Whether they may change things as well. */
  @Column('boolean')
  allowWrites: boolean;

  /** Id of the user who consented. */
  @Column('uuid')
  grantedBy: string;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  grantedAt: Date;
}
