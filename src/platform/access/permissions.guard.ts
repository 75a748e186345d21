import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ForbiddenError, UnauthenticatedError } from '../../kernel/errors.js';
import { ACCESS_KEY, type Access } from '../http/route.js';

const OF_PEOPLE = 'This is for people who are signed in, not for programs.';

/**
 * Asks: do the caller's roles hold the permission that the route demands, in any scope? Runs after authentication;
 * refuses a route that says nothing, and to programs what concerns a person's own account.
 */
@Injectable()
export class PermissionsGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const access = this.reflector.get<Access | undefined>(ACCESS_KEY, context.getHandler());
    if (access?.rule === 'public') return true;
    const { actor } = context.switchToHttp().getRequest<Request>();
    if (!actor) throw new UnauthenticatedError();
    if (access?.rule === 'authenticated') {
      if (!access.programs && !actor.isPerson) throw new ForbiddenError('people_only', OF_PEOPLE);
      return true;
    }
    if (access === undefined || !actor.scopeOf(access.permission)) throw new ForbiddenError();
    return true;
  }
}
