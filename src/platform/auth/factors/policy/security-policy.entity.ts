import { Column, Entity, PrimaryColumn, UpdateDateColumn, VersionColumn } from 'typeorm';
import { Internal } from '../../../../kernel/classification.js';

/** `off`: no new second factors; `optional`: whoever wants one; `required`: nobody without one once the grace is over. */
export const MFA_MODES = ['off', 'optional', 'required'] as const;
export type MfaMode = (typeof MFA_MODES)[number];

/** The row that every tenant has at most one of. */
export const ONLY_ROW = 1;

/** What a tenant asks of its people when they sign in. No row: the defaults. */
@Entity({ name: 'security_policy' })
export class SecurityPolicy {
  @PrimaryColumn('smallint')
  id: number;

  @Column('text')
  @Internal()
  mfa: MfaMode;

  /** Days that people have to get a second factor once it is required, or once their account is made. */
  @Column('integer')
  mfaGraceDays: number;

  /** Since when a second factor is required; null while it is not. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  mfaRequiredSince: Date | null;

  /** Null takes the installation's. */
  @Column('integer', { nullable: true })
  passwordMinLength: number | null;

  @UpdateDateColumn({ type: 'timestamptz', precision: 3 })
  updatedAt: Date;

  @VersionColumn()
  version: number;
}
