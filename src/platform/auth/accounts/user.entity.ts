import { Column, Entity, ForeignKey, Index } from 'typeorm';
import { Internal } from '../../../kernel/classification.js';
import { AccountColumns } from './account.entity.js';

/** A login inside one tenant. */
@Entity({ name: 'user' })
@Index('user_created_at_id_idx', ['createdAt', 'id'])
@Index('user_vendor_id_idx', ['vendorId'])
// By the table's name, since what a vendor is concerns a storey above this one.
@ForeignKey('vendor', ['vendorId'], ['id'], { onDelete: 'SET NULL' })
export class User extends AccountColumns {
  readonly kind = 'user';

  @Column('text', { array: true })
  @Internal()
  roles: string[];

  /** The vendor to which grants of scope `own` confine the user. */
  @Column('uuid', { nullable: true })
  vendorId: string | null;
}
