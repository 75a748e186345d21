import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { ForbiddenError } from '../../../kernel/errors.js';
import { ACCESS_KEY, IMPERSONATION_KEY, type Access } from '../../http/route.js';

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);
/** What the tenant's consent to changes covers: its business data, never credentials, accounts or rights. */
const CHANGEABLE = new Set(['vendors', 'agents', 'files']);

/**
 * What an operator who acts as a user may do. Runs right after authentication. Fails closed with 403: they may read,
 * and change business data when both the tenant and they themselves said so; a new kind of route is shut to them.
 */
@Injectable()
export class ImpersonationGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(execution: ExecutionContext): boolean {
    const http = execution.switchToHttp();
    const { actor, method } = http.getRequest<Request>();
    if (!actor?.impersonation) return true;
    const { operatorId, readOnly } = actor.impersonation;
    http.getResponse<Response>().setHeader('X-Impersonated-By', operatorId);
    if (READING.has(method)) return true;
    const handler = execution.getHandler();
    if (this.reflector.get<boolean | undefined>(IMPERSONATION_KEY, handler)) return true;
    const access = this.reflector.get<Access | undefined>(ACCESS_KEY, handler);
    const resource = access?.rule === 'permission' ? access.permission.split(':')[0]! : '';
    if (readOnly || !CHANGEABLE.has(resource))
      throw new ForbiddenError(
        'impersonation_forbidden',
        'This is not allowed while you act as another person.',
      );
    return true;
  }
}
