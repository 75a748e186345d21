import type { Request } from 'express';
import { RateLimitedError } from '../../../kernel/errors.js';
import { announceBudgets } from '../../http/response/rate-limit-fields.js';
import type { Tenant } from '../registry/tenant.entity.js';
import type { TenantContext } from '../tenant-context.js';
import type { TenantShares } from './tenant-shares.js';

/**
 * Runs the look-up of a caller whose credential names that tenant, and spares the database the callers of a tenant whose
 * share is used up. Throws RateLimitedError.
 */
export async function whileEntering<T>(
  request: Request,
  tenant: Tenant,
  { context, shares }: { context: TenantContext; shares: TenantShares },
  lookUp: () => Promise<T>,
): Promise<T> {
  const limits = context.policyOf(tenant);
  try {
    return await shares.whileEntering(tenant.id, limits, lookUp);
  } catch (error) {
    if (error instanceof RateLimitedError && request.res)
      announceBudgets(request.res, shares.budgetsOf(tenant.id, limits));
    throw error;
  }
}
