import { timingSafeEqual } from 'node:crypto';
import type { RecordedChanges } from '../../../kernel/security-event.js';
import type { AuditEventColumns } from './audit-event.entity.js';
import { canonical, hmacSha256, sha256 } from './canonical.js';

/** The name of the log of the registry; those of tenants are their ids. */
export const PLATFORM = 'platform';
const VERSION = 1;

/** What of an entry is encrypted: values, and from where it was done. */
export interface Payload {
  /** Random, so that the digest of few possible values tells nothing. */
  salt: string;
  address: string | null;
  userAgent: string | null;
  changes: RecordedChanges | null;
}

export type Entry = Omit<AuditEventColumns, 'payload' | 'mac'>;

/** What everybody may follow the chain by, without a key and without the payload. */
export function coreOf(log: string, entry: Entry) {
  const { id, action, outcome, actorKind, actorId, impersonatorId, accountId } = entry;
  const { targetType, targetId, requestId, detail, payloadDigest } = entry;
  return {
    version: VERSION,
    log,
    id,
    createdAt: entry.createdAt.toISOString(),
    action,
    outcome,
    actorKind,
    actorId,
    impersonatorId,
    accountId,
    targetType,
    targetId,
    requestId,
    detail,
    payloadDigest,
  };
}

export type EntryCore = ReturnType<typeof coreOf>;

export const digestOf = (core: EntryCore): string => sha256(canonical(core));

/** Proves that the server wrote the entry, before and after it is chained. */
export const macOf = (key: Uint8Array, core: EntryCore): string =>
  hmacSha256(key, `entry\n${canonical(core)}`);

export const payloadDigestOf = (payload: Payload): string => sha256(canonical(payload));

/** Compares in a time that does not depend on where the two differ. */
export function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
