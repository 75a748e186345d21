import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Operator } from '../../accounts/operator.entity.js';
import { User } from '../../accounts/user.entity.js';

/** How often in a row an account was shown a wrong second factor. */
export abstract class FactorAttemptColumns {
  @PrimaryColumn('uuid')
  accountId: string;

  /** Those under way included: they are counted before they are checked. */
  @Column('integer', { default: 0 })
  failures: number;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  lockedUntil: Date | null;
}

@Entity({ schema: 'platform', name: 'factor_attempt' })
@ForeignKey(() => Operator, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class OperatorFactorAttempt extends FactorAttemptColumns {}

@Entity({ name: 'factor_attempt' })
@ForeignKey(() => User, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class UserFactorAttempt extends FactorAttemptColumns {}
