import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Internal, Secret } from '../../../../kernel/classification.js';
import { Operator } from '../../accounts/operator.entity.js';
import { User } from '../../accounts/user.entity.js';

/** What a challenge was given out for; it is good for nothing else. */
export type CeremonyPurpose = 'registration' | 'login' | 'mfa' | 'step_up';

/** A WebAuthn challenge that was given out and not answered yet. */
export abstract class ChallengeColumns {
  /** Base64url of 32 random bytes. */
  @PrimaryColumn('text')
  @Secret()
  challenge: string;

  @Column('text')
  @Internal()
  purpose: CeremonyPurpose;

  /** Null where the account is not known before the answer. */
  @Column('uuid', { nullable: true })
  accountId: string | null;

  @Column({ type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}

@Entity({ schema: 'platform', name: 'webauthn_challenge' })
@Index('webauthn_challenge_expires_at_idx', ['expiresAt'])
@ForeignKey(() => Operator, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class OperatorChallenge extends ChallengeColumns {}

@Entity({ name: 'webauthn_challenge' })
@Index('webauthn_challenge_expires_at_idx', ['expiresAt'])
@ForeignKey(() => User, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class UserChallenge extends ChallengeColumns {}
