import { InvalidError } from '../../kernel/errors.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 90;
const MAX_DAYS = 365;
/** So many days ahead the end of a key is announced. */
export const ANNOUNCED_DAYS = [14, 7, 1] as const;
const DEFAULT_OVERLAP_SECONDS = 86_400;

/** Days until that time, with their fraction; none or less when it has passed. */
export const daysLeft = (until: Date, now: Date): number => (until.getTime() - now.getTime()) / DAY_MS;

/** When a key made now ends, by a caller who asks for that time, or for none. Throws InvalidError. */
export function endOf(asked: string | undefined, now: Date): Date {
  const end = asked === undefined ? new Date(now.getTime() + DEFAULT_DAYS * DAY_MS) : new Date(asked);
  if (end <= now) throw InvalidError.field('/expiresAt', 'past', 'Must lie in the future.');
  if (daysLeft(end, now) > MAX_DAYS)
    throw InvalidError.field('/expiresAt', 'too_late', `Must be at most ${MAX_DAYS} days from now.`);
  return end;
}

/** Until when the old secret stays good: for the overlap, and never longer than it would have been. */
export function overlapEnd(asked: number | undefined, oldEnd: Date, now: Date): Date | null {
  const until = new Date(now.getTime() + (asked ?? DEFAULT_OVERLAP_SECONDS) * 1000);
  const end = until < oldEnd ? until : oldEnd;
  return end > now ? end : null;
}

/** `expiring`: within the days ahead of which the end is announced. */
export const CREDENTIAL_STATES = ['active', 'expiring', 'expired'] as const;
export type CredentialState = (typeof CREDENTIAL_STATES)[number];

export function stateOf(expiresAt: Date, now: Date): CredentialState {
  const left = daysLeft(expiresAt, now);
  if (left <= 0) return 'expired';
  return left <= Math.max(...ANNOUNCED_DAYS) ? 'expiring' : 'active';
}
