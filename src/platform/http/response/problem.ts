import type { FieldFault } from '../../../kernel/errors.js';

/** An RFC 9457 problem document; `code` is stable, `requestId` finds the log line. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  requestId: string;
  errors?: readonly FieldFault[];
  /** Of a 429: the budgets that are used up, by the names they have in `RateLimit-Policy`. */
  violatedPolicies?: readonly string[];
  /** Of `step_up_required`: the ways in which the caller can prove themselves anew. */
  methods?: readonly string[];
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  408: 'Request timeout',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Payload too large',
  415: 'Unsupported media type',
  416: 'Range not satisfiable',
  417: 'Expectation failed',
  422: 'Not acceptable input',
  429: 'Too many requests',
  431: 'Request header fields too large',
  500: 'Internal error',
  503: 'Service unavailable',
  507: 'Insufficient storage',
};

/** Completes a problem document; `instance` is the path without its query, which may hold personal data. */
export function problem(given: Omit<Problem, 'type' | 'title' | 'instance'> & { url: string }): Problem {
  const { url, errors, ...rest } = given;
  return {
    type: `/docs/errors#${rest.code}`,
    title: TITLES[rest.status] ?? 'Error',
    ...rest,
    instance: url.split(/[?#]/, 1)[0] ?? '',
    ...(errors ? { errors } : {}),
  };
}
