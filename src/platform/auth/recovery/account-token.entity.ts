import { Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { Internal, Personal, Secret } from '../../../kernel/classification.js';
import { Operator } from '../accounts/operator.entity.js';
import { User } from '../accounts/user.entity.js';

/** What a link in a mail is good for. */
export type TokenPurpose = 'reset' | 'email';

/** A single-use link in a mail; of each purpose one for each account at most. */
export abstract class AccountTokenColumns {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  accountId: string;

  @Column('text')
  @Internal()
  purpose: TokenPurpose;

  @Column('text')
  @Secret()
  tokenHash: string;

  /** The new address that the link confirms; or the one that it was mailed to. */
  @Column('text', { nullable: true })
  @Personal('email')
  email: string | null;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}

@Entity({ schema: 'platform', name: 'account_token' })
@Unique('account_token_account_id_purpose_key', ['accountId', 'purpose'])
@ForeignKey(() => Operator, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class OperatorToken extends AccountTokenColumns {}

@Entity({ name: 'account_token' })
@Unique('account_token_account_id_purpose_key', ['accountId', 'purpose'])
@ForeignKey(() => User, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class UserToken extends AccountTokenColumns {}
