import { Column, CreateDateColumn, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Secret } from '../../../../kernel/classification.js';
import { Operator } from '../../accounts/operator.entity.js';
import { User } from '../../accounts/user.entity.js';

/** The authenticator app of an account; one at most. */
export abstract class TotpColumns {
  @PrimaryColumn('uuid')
  accountId: string;

  /** Base32, sealed for this row. */
  @Column('text')
  @Secret()
  seed: string;

  /** The newest time step whose code was used; what is as old or older is refused (RFC 6238, 5.2). */
  @Column('bigint', { default: 0 })
  lastStep: string;

  /** Null until a right code has shown that the app holds the seed. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  confirmedAt: Date | null;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  createdAt: Date;
}

@Entity({ schema: 'platform', name: 'totp' })
@ForeignKey(() => Operator, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class OperatorTotp extends TotpColumns {}

@Entity({ name: 'totp' })
@ForeignKey(() => User, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class UserTotp extends TotpColumns {}
