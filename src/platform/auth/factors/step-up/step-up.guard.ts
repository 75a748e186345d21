import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ForbiddenError, UnauthenticatedError } from '../../../../kernel/errors.js';
import { STEP_UP_KEY } from '../../../http/route.js';
import { StepUpService } from './step-up.service.js';

/**
 * Has the caller proved themselves of late, where the route says `@StepUp()`? Runs after the permissions guard, since who
 * may not do it at all need not prove anything, and before ownership, so that it tells nothing of what exists.
 */
@Injectable()
export class StepUpGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly stepUp: StepUpService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!this.reflector.get<boolean | undefined>(STEP_UP_KEY, context.getHandler())) return true;
    const { actor } = context.switchToHttp().getRequest<Request>();
    if (!actor) throw new UnauthenticatedError();
    if (!actor.isPerson)
      throw new ForbiddenError('people_only', 'This needs a proof that a program cannot give.');
    await this.stepUp.assertFresh(actor);
    return true;
  }
}
