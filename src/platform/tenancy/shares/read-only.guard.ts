import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { READ_ONLY_KEY } from '../../http/route.js';
import { TenantContext } from '../tenant-context.js';
import { tenantReadOnly } from '../registry/tenant-directory.js';

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * May this tenant write? Runs after authentication. Fails closed with 403: in a read-only tenant only what reads passes,
 * and the routes that say `@WhileReadOnly()`. Should one that passed write all the same, PostgreSQL refuses.
 */
@Injectable()
export class ReadOnlyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly context: TenantContext,
  ) {}

  canActivate(execution: ExecutionContext): boolean {
    if (!this.context.boundTenant?.readOnly) return true;
    if (READING.has(execution.switchToHttp().getRequest<Request>().method)) return true;
    if (!this.reflector.get<boolean | undefined>(READ_ONLY_KEY, execution.getHandler()))
      throw tenantReadOnly();
    this.context.allowWriting();
    return true;
  }
}
