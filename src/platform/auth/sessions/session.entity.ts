import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Internal, Personal, Secret } from '../../../kernel/classification.js';
import type { Impersonation } from '../../../kernel/actor.js';
import { Operator } from '../accounts/operator.entity.js';
import { User } from '../accounts/user.entity.js';

/** One sign-in and the family of refresh tokens that came of it, of which only the newest is good. */
export abstract class SessionColumns {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  accountId: string;

  /** Of the newest refresh token's secret. */
  @Column('text')
  @Secret()
  refreshHash: string;

  /** Of those that came before it: who shows one of them has a copy. */
  @Column('text', { array: true })
  @Secret()
  usedHashes: string[];

  /** With what the account proved itself (RFC 8176): `pwd`, `otp`, `hwk`. */
  @Column('text', { array: true, default: ['pwd'] })
  @Internal()
  methods: string[];

  /** Set when an operator began the session to act as the account. */
  @Column('jsonb', { nullable: true })
  @Internal()
  impersonation: Impersonation | null;

  /** When the account last proved itself: signing in, or a fresh factor since. */
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' })
  provedAt: Date;

  /** What the client called itself when it signed in, shortened. */
  @Column('text', { nullable: true })
  @Personal('number')
  userAgent: string | null;

  /** The client's address when it was last seen signing in or refreshing. */
  @Column('text', { nullable: true })
  @Personal('number')
  address: string | null;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  createdAt: Date;

  /** When it began or was last refreshed. */
  @Column({ type: 'timestamptz', precision: 3 })
  lastUsedAt: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  expiresAt: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  endedAt: Date | null;
}

@Entity({ schema: 'platform', name: 'session' })
@Index('session_account_id_idx', ['accountId'])
@ForeignKey(() => Operator, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class OperatorSession extends SessionColumns {}

@Entity({ name: 'session' })
@Index('session_account_id_idx', ['accountId'])
@ForeignKey(() => User, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class UserSession extends SessionColumns {}
