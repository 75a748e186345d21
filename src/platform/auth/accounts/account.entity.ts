import { Column, CreateDateColumn, PrimaryColumn, UpdateDateColumn, VersionColumn } from 'typeorm';

/** What operators and users have in common: somebody who can sign in. */
export abstract class AccountColumns {
  @PrimaryColumn('uuid')
  id: string;

  /** As `normaliseEmail` leaves it; unique in its realm. */
  @Column('text', { unique: true })
  email: string;

  @Column('text')
  name: string;

  /** Null until the invitation is accepted: nobody can sign in with a password that was never set. */
  @Column('text', { nullable: true })
  passwordHash: string | null;

  /** Set while the account is shut by those who run the installation; failures have locks of their own. */
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
}
