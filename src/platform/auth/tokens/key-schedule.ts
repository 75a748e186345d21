import type { SigningKey } from './signing-key.entity.js';

export const KEY_STATES = ['next', 'current', 'previous', 'retired'] as const;
/** A key is published as the next, signs as the current, verifies as a previous one, and then is no more. */
export type KeyState = (typeof KEY_STATES)[number];

type Dated = Pick<SigningKey, 'kid' | 'signsFrom' | 'retiredAt' | 'createdAt'>;

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;
/** No access token lives longer, whatever the configuration says; a minute more for clocks that differ. */
const LONGEST_TOKEN_MS = 3660 * SECOND_MS;
/**
 * How long a key is published before it signs: longer than verifiers keep the JWKS (`max-age=300`) and than nodes take
 * to read the keys anew.
 */
export const LEAD_MS = 600 * SECOND_MS;

/** A key, what it is for now, and when that ends. */
export interface ScheduledKey<K extends Dated> {
  key: K;
  state: KeyState;
  /** Null for what does not end by itself. */
  until: Date | null;
}

/** What each key is for at this time, the newest first. */
export function scheduleOf<K extends Dated>(keys: readonly K[], now: Date): ScheduledKey<K>[] {
  const newestFirst = [...keys].sort(
    (a, b) =>
      b.signsFrom.getTime() - a.signsFrom.getTime() ||
      b.createdAt.getTime() - a.createdAt.getTime() ||
      (a.kid < b.kid ? 1 : -1),
  );
  const current = newestFirst.find(({ signsFrom, retiredAt }) => signsFrom <= now && retiredAt === null);
  return newestFirst.map((key, index) => {
    const successor = newestFirst[index - 1];
    if (key.retiredAt !== null) return { key, state: 'retired', until: null };
    if (key.signsFrom > now) return { key, state: 'next', until: key.signsFrom };
    if (key === current) return { key, state: 'current', until: successor?.signsFrom ?? null };
    return { key, state: 'previous', until: new Date(successor!.signsFrom.getTime() + LONGEST_TOKEN_MS) };
  });
}

/** When a key that is made now begins to sign by itself. */
export function nextTurn(current: Dated, now: Date, rotationDays: number): Date {
  return new Date(Math.max(current.signsFrom.getTime() + rotationDays * DAY_MS, now.getTime() + LEAD_MS));
}

/** The earliest time at which the next key may sign: it has been published long enough by then. */
export function earliestTurn(next: Dated, now: Date): Date {
  const published = new Date(next.createdAt.getTime() + LEAD_MS);
  const earliest = published > now ? published : now;
  return next.signsFrom < earliest ? next.signsFrom : earliest;
}
