import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Internal, Secret } from '../../../../kernel/classification.js';
import { Operator } from '../../accounts/operator.entity.js';
import { User } from '../../accounts/user.entity.js';

/** What is still missing: a factor that the account has, or one that it must get first. */
export type PendingPurpose = 'factor' | 'enrolment';

/** A sign-in whose password was right and that lacks its second factor. */
export abstract class PendingLoginColumns {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  accountId: string;

  @Column('text')
  @Internal()
  purpose: PendingPurpose;

  @Column('text')
  @Secret()
  tokenHash: string;

  /** How often a factor was shown with it. */
  @Column('integer', { default: 0 })
  attempts: number;

  @Column({ type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}

@Entity({ schema: 'platform', name: 'pending_login' })
@Index('pending_login_account_id_idx', ['accountId'])
@ForeignKey(() => Operator, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class OperatorPendingLogin extends PendingLoginColumns {}

@Entity({ name: 'pending_login' })
@Index('pending_login_account_id_idx', ['accountId'])
@ForeignKey(() => User, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class UserPendingLogin extends PendingLoginColumns {}
