import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Internal, Secret } from '../../../kernel/classification.js';
import type { SecurityAction, SecurityEvent } from '../../../kernel/security-event.js';

export type ActorKind = 'user' | 'operator' | 'api_key' | 'agent' | 'anonymous' | 'system';

const bigintAsNumber = { to: (value: number) => value, from: (value: string) => Number(value) };

/** One thing that happened. Written once: PostgreSQL refuses the server's roles to change or remove it. */
export abstract class AuditEventColumns {
  /** UUIDv7 */
  @PrimaryColumn('uuid')
  id: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Column('text')
  @Internal()
  action: SecurityAction;

  @Column('text')
  @Internal()
  outcome: SecurityEvent['outcome'];

  @Column('text')
  @Internal()
  actorKind: ActorKind;

  @Column('uuid', { nullable: true })
  actorId: string | null;

  /** The operator who acts in the place of the actor. */
  @Column('uuid', { nullable: true })
  impersonatorId: string | null;

  /** The account that it was about, where that is not the actor. */
  @Column('uuid', { nullable: true })
  accountId: string | null;

  @Column('text', { nullable: true })
  @Internal()
  targetType: string | null;

  @Column('text', { nullable: true })
  @Internal()
  targetId: string | null;

  @Column('text', { nullable: true })
  @Internal()
  requestId: string | null;

  @Column('jsonb')
  @Internal()
  detail: Record<string, string | number | boolean | null>;

  /** Sealed: the old and the new values, and from where. */
  @Column('text')
  @Secret()
  payload: string;

  /** SHA-256 of what is sealed, with its salt: commits to it without telling it, and survives sealing anew. */
  @Column('text')
  @Internal()
  payloadDigest: string;

  /** HMAC-SHA-256 of all of this under the log's key: nobody but the server can have written it. */
  @Column('text')
  @Internal()
  mac: string;
}

/** Its place in the log: holds the entry and all that came before it. */
export abstract class AuditLinkColumns {
  @PrimaryColumn('bigint', { transformer: bigintAsNumber })
  sequence: number;

  @Column('uuid', { unique: true })
  eventId: string;

  /** SHA-256, for everybody to follow. */
  @Column('text')
  @Internal()
  hash: string;

  /** HMAC-SHA-256 of the same under the log's key, which a thief of the database does not have. */
  @Column('text')
  @Internal()
  mac: string;
}

/** Names entries that may have no link yet. A hint for whoever makes the links: what is lost here is lost nowhere else. */
export abstract class AuditPendingColumns {
  @PrimaryColumn('uuid')
  id: string;
}

@Entity({ name: 'audit_event' })
@Index('audit_event_created_at_id_idx', ['createdAt', 'id'])
@Index('audit_event_target_id_created_at_id_idx', ['targetId', 'createdAt', 'id'])
@Index('audit_event_actor_id_created_at_id_idx', ['actorId', 'createdAt', 'id'])
export class TenantAuditEvent extends AuditEventColumns {}

@Entity({ schema: 'platform', name: 'audit_event' })
@Index('audit_event_created_at_id_idx', ['createdAt', 'id'])
@Index('audit_event_target_id_created_at_id_idx', ['targetId', 'createdAt', 'id'])
@Index('audit_event_actor_id_created_at_id_idx', ['actorId', 'createdAt', 'id'])
export class PlatformAuditEvent extends AuditEventColumns {}

@Entity({ name: 'audit_link' })
export class TenantAuditLink extends AuditLinkColumns {}

@Entity({ schema: 'platform', name: 'audit_link' })
export class PlatformAuditLink extends AuditLinkColumns {}

@Entity({ name: 'audit_pending' })
export class TenantAuditPending extends AuditPendingColumns {}

@Entity({ schema: 'platform', name: 'audit_pending' })
export class PlatformAuditPending extends AuditPendingColumns {}
