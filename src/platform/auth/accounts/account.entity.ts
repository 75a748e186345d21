import { Column, CreateDateColumn, PrimaryColumn, UpdateDateColumn, VersionColumn } from 'typeorm';
import { Personal, Secret } from '../../../kernel/classification.js';

export const ACCOUNT_STATUSES = ['active', 'disabled'] as const;
/** A disabled account is shut: it cannot sign in, and has no session. */
export type AccountStatus = (typeof ACCOUNT_STATUSES)[number];

/** What operators and users have in common: somebody who can sign in. */
export abstract class AccountColumns {
  @PrimaryColumn('uuid')
  id: string;

  /** As `normaliseEmail` leaves it; unique in its realm. */
  @Column('text', { unique: true })
  @Personal('email')
  email: string;

  @Column('text')
  @Personal('shown')
  name: string;

  /** Null until the invitation is accepted: nobody can sign in with a password that was never set. */
  @Column('text', { nullable: true })
  @Secret()
  passwordHash: string | null;

  /** Set while the account is shut by an administrator or an operator; failures have locks of their own. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  lockedAt: Date | null;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ type: 'timestamptz', precision: 3 })
  updatedAt: Date;

  /** Counts the changes; the ETag. */
  @VersionColumn()
  version: number;

  abstract readonly kind: 'operator' | 'user';
  abstract readonly roles: readonly string[];
  abstract readonly vendorId: string | null;

  get status(): AccountStatus {
    return this.lockedAt === null ? 'active' : 'disabled';
  }
}
