import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { CHANGES_NOTHING_KEY, READ_ONLY_KEY } from '../../http/route.js';
import { TenantContext } from '../tenant-context.js';
import { tenantReadOnly } from '../registry/tenant-directory.js';

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether requests of this method change nothing (RFC 9110, 9.2.1). */
export const isReading = (method: string): boolean => READING.has(method);

/**
 * May this tenant write? Runs after authentication. Fails closed with 403: in a read-only tenant only what reads passes
 * (`@ChangesNothing()` too), and the routes that say `@WhileReadOnly()`. Should one that passed write all the same, PostgreSQL refuses.
 */
@Injectable()
export class ReadOnlyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly context: TenantContext,
  ) {}

  canActivate(execution: ExecutionContext): boolean {
    if (!this.context.boundTenant?.readOnly) return true;
    const says = (key: string) => this.reflector.get<boolean | undefined>(key, execution.getHandler());
    if (isReading(execution.switchToHttp().getRequest<Request>().method)) return true;
    if (says(CHANGES_NOTHING_KEY)) return true;
    if (!says(READ_ONLY_KEY)) throw tenantReadOnly();
    this.context.allowWriting();
    return true;
  }
}
