import { Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { Secret } from '../../../../kernel/classification.js';
import { Operator } from '../../accounts/operator.entity.js';
import { User } from '../../accounts/user.entity.js';

/** A code that stands in for a lost second factor, once. */
export abstract class RecoveryCodeColumns {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  accountId: string;

  /** All of the code that is stored. */
  @Column('text')
  @Secret()
  codeHash: string;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  usedAt: Date | null;
}

@Entity({ schema: 'platform', name: 'recovery_code' })
@Unique('recovery_code_account_id_code_hash_key', ['accountId', 'codeHash'])
@ForeignKey(() => Operator, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class OperatorRecoveryCode extends RecoveryCodeColumns {}

@Entity({ name: 'recovery_code' })
@Unique('recovery_code_account_id_code_hash_key', ['accountId', 'codeHash'])
@ForeignKey(() => User, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class UserRecoveryCode extends RecoveryCodeColumns {}
