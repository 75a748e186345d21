import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Secret } from '../../../kernel/classification.js';
import { Operator } from '../accounts/operator.entity.js';
import { User } from '../accounts/user.entity.js';

/** A single-use link by which somebody sets the password of their account; one for each account at most. */
export abstract class InvitationColumns {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid', { unique: true })
  accountId: string;

  @Column('text')
  @Secret()
  tokenHash: string;

  @Column({ type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}

@Entity({ schema: 'platform', name: 'invitation' })
@ForeignKey(() => Operator, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class OperatorInvitation extends InvitationColumns {}

@Entity({ name: 'invitation' })
@ForeignKey(() => User, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class UserInvitation extends InvitationColumns {}
