import { createHash } from 'node:crypto';
import { ConflictError, InvalidError } from '../../kernel/errors.js';
import type { Place } from '../protection/field-sealer.js';

/** How long an answer is kept. */
export const KEPT_SECONDS = 86_400;

/** A request with an Idempotency-Key, as far as it matters for finding its twin. */
export interface KeyedRequest {
  callerId: string;
  tenantId: string | null;
  keyHash: string;
  fingerprint: string;
}

/** What a handler answered; `body` is undefined when there is none. */
export interface Answer {
  body?: unknown;
  headers: Readonly<Record<string, string>>;
}

/** What was answered: to this very request, or to an earlier one that was the same. */
export interface KeyedAnswer extends Answer {
  isReplayed: boolean;
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** Where the sealed answer lives. */
export const placeOf = ({ tenantId, callerId, keyHash }: KeyedRequest): Place => ({
  tenantId,
  table: 'idempotency_key',
  column: 'answer',
  row: `${callerId}.${keyHash}`,
});

/** Throws InvalidError when the key came with another request. */
export function assertSameRequest(found: { fingerprint: string }, { fingerprint }: KeyedRequest): void {
  if (found.fingerprint !== fingerprint)
    throw InvalidError.field(
      '/headers/idempotency-key',
      'key_reused',
      'The key was used with another request; take a new one.',
    );
}

export const stillRunning = (): ConflictError =>
  new ConflictError('A request with this key is being worked on.', 'idempotency_key_in_use');
