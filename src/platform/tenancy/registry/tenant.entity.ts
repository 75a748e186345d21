import type { PolicyDeviations } from '../../../kernel/tenant-policy.js';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn, VersionColumn } from 'typeorm';
import { Internal } from '../../../kernel/classification.js';

export const TENANT_STATUSES = [
  'requested',
  'provisioning',
  'active',
  'suspended',
  'deleting',
  'deleted',
] as const;

/** `blocked` shuts all callers out; `read_only` lets them sign in and read. */
export const SUSPENSION_MODES = ['blocked', 'read_only'] as const;
export type SuspensionMode = (typeof SUSPENSION_MODES)[number];
export type TenantStatus = (typeof TENANT_STATUSES)[number];

/**
 * A tenant's entry in the registry. Its slug stays taken after deletion, so that nobody inherits a name.
 * `schemaName` names the tenant's PostgreSQL schema and its role alike.
 */
@Entity({ schema: 'platform', name: 'tenant' })
export class Tenant {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text', { unique: true })
  @Internal()
  slug: string;

  @Column('text')
  @Internal()
  name: string;

  @Column('text')
  @Internal()
  status: TenantStatus;

  @Column('text', { unique: true })
  @Internal()
  schemaName: string;

  /** Which of the server's logins may take this tenant's role. */
  @Column('int')
  loginShard: number;

  /** Name of the database that holds its schema; `main` is the registry's own. */
  @Column('text', { default: 'main' })
  @Internal()
  database: string;

  /** Another database on which a copy of its schema may be that does not count: while it moves, and after a crash. */
  @Column('text', { nullable: true })
  @Internal()
  staleCopyOn: string | null;

  /** Name of the newest migration that its schema has had. */
  @Column('text')
  @Internal()
  schemaVersion: string;

  /** What its schema was when last compared with what the migrations make; null before that. */
  @Column('text', { nullable: true })
  @Internal()
  fingerprint: string | null;

  /** When its schema reached that version. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  migratedAt: Date | null;

  /** Why the last attempt to migrate it failed; null when none did. */
  @Column('text', { nullable: true })
  @Internal()
  migrationError: string | null;

  @Column('jsonb', { default: {} })
  @Internal()
  policy: PolicyDeviations;

  /** Of a suspended tenant, as the two below. */
  @Column('text', { nullable: true })
  @Internal()
  suspensionMode: SuspensionMode | null;

  @Column('text', { nullable: true })
  @Internal()
  suspensionReason: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  suspendedAt: Date | null;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ type: 'timestamptz', precision: 3 })
  updatedAt: Date;

  @VersionColumn()
  version: number;
}
