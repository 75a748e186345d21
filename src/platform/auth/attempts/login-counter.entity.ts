import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Internal } from '../../../kernel/classification.js';

/**
 * How often something failed of late. Keys and subjects are keyed digests: the registry does not learn which addresses
 * were tried. It lies in the registry, since what names no tenant or no account must be counted at the same cost.
 */
@Entity({ schema: 'platform', name: 'login_counter' })
@Index('login_counter_subject_idx', ['subject'])
@Index('login_counter_last_failed_at_idx', ['lastFailedAt'])
export class LoginCounter {
  @PrimaryColumn('text')
  @Internal()
  key: string;

  /** Groups the counters of one account. */
  @Column('text')
  @Internal()
  subject: string;

  /** Null where nobody has the name that was tried; such counters are forgotten after a day. */
  @Column('uuid', { nullable: true })
  accountId: string | null;

  @Column('integer')
  failures: number;

  /** When the first of these failures was. */
  @Column({ type: 'timestamptz', precision: 3 })
  since: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  lastFailedAt: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  lockedUntil: Date | null;

  /** When the account first signed in from the network that this counter is for; null for all other counters. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  knownSince: Date | null;
}
