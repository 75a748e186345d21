import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Internal } from '../../../../kernel/classification.js';
import { Operator } from '../../accounts/operator.entity.js';
import { User } from '../../accounts/user.entity.js';

/** A WebAuthn credential of an account: its public half. */
export abstract class PasskeyColumns {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  accountId: string;

  /** What the owner calls it. */
  @Column('text')
  @Internal()
  name: string;

  /** Base64url, as the authenticator chose it. */
  @Column('text', { unique: true })
  @Internal()
  credentialId: string;

  /** COSE key in base64url. */
  @Column('text')
  @Internal()
  publicKey: string;

  /** Signatures made so far, as the authenticator says; 0 for those that do not count. */
  @Column('bigint')
  counter: string;

  @Column('text', { array: true })
  @Internal()
  transports: string[];

  /** Whether it may be copied to the owner's other devices. */
  @Column('boolean')
  synced: boolean;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  lastUsedAt: Date | null;
}

@Entity({ schema: 'platform', name: 'passkey' })
@Index('passkey_account_id_idx', ['accountId'])
@ForeignKey(() => Operator, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class OperatorPasskey extends PasskeyColumns {}

@Entity({ name: 'passkey' })
@Index('passkey_account_id_idx', ['accountId'])
@ForeignKey(() => User, ['accountId'], ['id'], { onDelete: 'CASCADE' })
export class UserPasskey extends PasskeyColumns {}
