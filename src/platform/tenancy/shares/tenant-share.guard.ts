import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Response } from 'express';
import { onceClosed } from '../../http/response/once-closed.js';
import { announceBudgets } from '../../http/response/rate-limit-fields.js';
import { TenantContext } from '../tenant-context.js';
import { TenantShares } from './tenant-shares.js';

/**
 * Is there room for this tenant? Runs right after authentication and before anything is asked of the tenant's data.
 * Fails closed with 429 when the tenant's callers together have used up their rate or have too much under way on this
 * node. Lets operators and public routes pass: they belong to no tenant, and are counted by address.
 */
@Injectable()
export class TenantShareGuard implements CanActivate {
  constructor(
    private readonly context: TenantContext,
    private readonly shares: TenantShares,
  ) {}

  canActivate(execution: ExecutionContext): boolean {
    const binding = this.context.boundTenant;
    if (!binding) return true;
    const response = execution.switchToHttp().getResponse<Response>();
    const { policy } = this.context;
    try {
      const release = this.shares.admit(binding.tenantId, policy);
      // A caller who hung up meanwhile has had the event already.
      if (response.closed || response.destroyed) release();
      else onceClosed(response, release);
    } finally {
      announceBudgets(response, this.shares.budgetsOf(binding.tenantId, policy));
    }
    return true;
  }
}
