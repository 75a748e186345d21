/** What one tenant may use at most. */
export interface TenantPolicy {
  /** Requests under way at once. */
  concurrentRequests: number;
  requestsPerMinute: number;
  /** Bytes of all files together. */
  storageBytes: number;
  users: number;
  vendors: number;
  agents: number;
}

export const POLICY_LIMITS = [
  'concurrentRequests',
  'requestsPerMinute',
  'storageBytes',
  'users',
  'vendors',
  'agents',
] as const satisfies readonly (keyof TenantPolicy)[];

/** The limits in which a tenant differs from the defaults. */
export type PolicyDeviations = Partial<TenantPolicy>;

/** For a tenant of which nothing else was said; the configuration may say otherwise. */
export const DEFAULT_TENANT_POLICY: Readonly<TenantPolicy> = {
  concurrentRequests: 20,
  requestsPerMinute: 3000,
  storageBytes: 10 * 1024 ** 3,
  users: 1000,
  vendors: 10_000,
  agents: 50_000,
};

/** The limits in force. What is stored under other names, or is no number, has no say. */
export function effectivePolicy(
  defaults: Readonly<TenantPolicy>,
  deviations: Readonly<Record<string, unknown>> = {},
): TenantPolicy {
  const policy = { ...defaults };
  for (const limit of POLICY_LIMITS) {
    const own = deviations[limit];
    if (typeof own === 'number' && own >= 0) policy[limit] = own;
  }
  return policy;
}
