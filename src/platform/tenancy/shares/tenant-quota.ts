import { ForbiddenError } from '../../../kernel/errors.js';
import type { TenantPolicy } from '../../../kernel/tenant-policy.js';
import type { TenantContext } from '../tenant-context.js';
import { tenantTable } from '../tenant-schema.js';

/** The limits on what a tenant stores. */
export type QuotaKind = Extract<keyof TenantPolicy, 'users' | 'vendors' | 'agents' | 'storageBytes'>;
export type StoredUsage = Record<QuotaKind, number>;

/** How much of each a tenant has. */
const USED: Readonly<Record<QuotaKind, string>> = {
  users: `SELECT count(*) FROM ${tenantTable('user')}`,
  vendors: `SELECT count(*) FROM ${tenantTable('vendor')}`,
  agents: `SELECT count(*) FROM ${tenantTable('agent')}`,
  storageBytes: `SELECT coalesce(sum(size), 0) FROM ${tenantTable('file')}`,
};
const UNIT: Readonly<Record<QuotaKind, string>> = {
  users: 'users',
  vendors: 'vendors',
  agents: 'agents',
  storageBytes: 'bytes of files',
};

/**
 * Adds that much of a kind to what the bound tenant has, in one transaction. Whoever adds of the same kind meanwhile
 * waits, so callers at the same time cannot pass the limit together. Throws ForbiddenError when it would be passed.
 */
export function withinQuota<T>(
  context: TenantContext,
  kind: QuotaKind,
  amount: number,
  add: () => Promise<T>,
): Promise<T> {
  return context.transaction(async () => {
    const { manager, binding } = context;
    const key = `quota ${binding.tenantId} ${kind}`;
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
    // A statement of its own: it sees what those committed who had the lock before.
    const [row] = await manager.query<{ used: string }[]>(`SELECT (${USED[kind]})::text AS used`);
    const limit = context.policy[kind];
    if (Number(row?.used) + amount > limit) throw quotaExceeded(kind, limit);
    return add();
  });
}

/** What the bound tenant has of each kind. */
export async function storedUsage(context: TenantContext): Promise<StoredUsage> {
  const columns = Object.entries(USED).map(([kind, sql]) => `(${sql})::text AS "${kind}"`);
  const [row] = await context.manager.query<Record<QuotaKind, string>[]>(`SELECT ${columns.join(', ')}`);
  const count = (kind: QuotaKind): number => Number(row?.[kind]);
  return {
    users: count('users'),
    vendors: count('vendors'),
    agents: count('agents'),
    storageBytes: count('storageBytes'),
  };
}

const quotaExceeded = (kind: QuotaKind, limit: number): Error =>
  new ForbiddenError('quota_exceeded', `This tenant may have at most ${limit} ${UNIT[kind]}.`);
