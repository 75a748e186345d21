import type { Response } from 'express';

/** What is left of one budget after this request. One that is not spent by time has no window and no reset. */
export interface Budget {
  name: string;
  limit: number;
  remaining: number;
  windowSeconds?: number;
  resetSeconds?: number;
  /** What is counted, when it is not requests. */
  unit?: string;
}

const announced = new WeakMap<Response, Budget[]>();

/**
 * Adds budgets to the RateLimit fields as of draft-ietf-httpapi-ratelimit-headers, and tells the scarcest of those
 * with a window in the older X- ones.
 */
export function announceBudgets(response: Response, budgets: readonly Budget[]): void {
  const all = [...(announced.get(response) ?? []), ...budgets];
  announced.set(response, all);
  response.setHeader('RateLimit-Policy', all.map(policyOf).join(', '));
  response.setHeader('RateLimit', all.map(stateOf).join(', '));
  const [scarcest] = all
    .filter(({ resetSeconds }) => resetSeconds !== undefined)
    .sort((a, b) => a.remaining - b.remaining);
  if (!scarcest) return;
  response.setHeader('X-RateLimit-Limit', scarcest.limit);
  response.setHeader('X-RateLimit-Remaining', scarcest.remaining);
  response.setHeader('X-RateLimit-Reset', scarcest.resetSeconds ?? 0);
}

const policyOf = ({ name, limit, windowSeconds, unit }: Budget): string =>
  `"${name}";q=${limit}` +
  (unit === undefined ? '' : `;qu="${unit}"`) +
  (windowSeconds === undefined ? '' : `;w=${windowSeconds}`);

const stateOf = ({ name, remaining, resetSeconds }: Budget): string =>
  `"${name}";r=${remaining}` + (resetSeconds === undefined ? '' : `;t=${resetSeconds}`);
