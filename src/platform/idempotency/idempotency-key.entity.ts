import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { Internal, Secret } from '../../kernel/classification.js';

/** What a keyed request was, and what was answered to it. Neither key, body nor answer stands here in clear. */
export abstract class IdempotencyKeyColumns {
  @PrimaryColumn('uuid')
  callerId: string;

  /** Keyed digest of the key. */
  @PrimaryColumn('text')
  @Internal()
  keyHash: string;

  /** Keyed digest of method, path, query and body. */
  @Column('text')
  @Internal()
  fingerprint: string;

  /** The body of the first answer as JSON, sealed; null as long as the request is being worked on. */
  @Column('text', { nullable: true })
  @Secret()
  answer: string | null;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  createdAt: Date;
}

/** Of a tenant's callers: written in the transaction of the change, so it is never there without an answer. */
@Entity({ name: 'idempotency_key' })
@Index('idempotency_key_created_at_idx', ['createdAt'])
export class TenantIdempotencyKey extends IdempotencyKeyColumns {}

/** Of the operators, whose changes are not one transaction (a tenant is made in many): a lease says who works on it. */
@Entity({ schema: 'platform', name: 'idempotency_key' })
@Index('idempotency_key_created_at_idx', ['createdAt'])
export class OperatorIdempotencyKey extends IdempotencyKeyColumns {}
