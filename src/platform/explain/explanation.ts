import type { GrantEntry } from '../../kernel/grants.js';
import type { Permission } from '../../kernel/permissions.js';

/** Each rule that can decide, in words, and the status of its refusal; null: it lets through. */
export const RULE_FACTS = {
  public_route: { status: null, detail: 'Anyone may call this, without credentials.' },
  any_caller: { status: null, detail: 'Any signed-in caller may call this, for what is their own.' },
  not_good: {
    status: 401,
    detail: 'The key or credential has expired, or its vendor is suspended, or its agent is not active.',
  },
  people_only: { status: 403, detail: 'This is for people who are signed in, not for programs.' },
  granted: { status: null, detail: 'The grants named here cover it.' },
  read_only_tenant: { status: 403, detail: 'The tenant is read-only, and this would change something.' },
  not_granted: { status: 403, detail: 'Nothing that the caller holds grants the permission.' },
  own_without_vendor: {
    status: 403,
    detail: 'The permission is granted for the caller’s own vendor, and the caller has none.',
  },
  out_of_reach: {
    status: 404,
    detail: 'There is no such thing, or it belongs to another vendor than the grants reach.',
  },
  field_not_granted: { status: 403, detail: 'The grants leave out some of the fields.' },
} as const satisfies Record<string, { status: number | null; detail: string }>;

export type Rule = keyof typeof RULE_FACTS;
export const RULES = Object.keys(RULE_FACTS) as Rule[];

/** One entry that counts for the request, and the role that it comes from; null: a program's own list. */
export interface CountingGrant {
  role: string | null;
  entry: GrantEntry;
}

/** Why a request would be let through, or not. */
export interface Explanation {
  rule: Rule;
  route: string;
  permission: Permission | null;
  grants: CountingGrant[];
  confinedTo: string | null;
  refusedFields: string[];
}
