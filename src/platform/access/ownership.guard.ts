import { Injectable, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { isUUID } from 'class-validator';
import type { Request } from 'express';
import { NotFoundError } from '../../kernel/errors.js';
import { ACCESS_KEY, OWNER_KEY, type Access, type OwnerLookup } from '../http/route.js';

/**
 * Asks the service named by `@OwnedBy`: may this caller see the thing in the path? Runs after the permissions guard,
 * and before any pipe, so it checks the id's shape itself. What is not there and what is not the caller's are one 404.
 */
@Injectable()
export class OwnershipGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly modules: ModuleRef,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const handler = context.getHandler();
    const owner = this.reflector.get<Type<OwnerLookup> | undefined>(OWNER_KEY, handler);
    const access = this.reflector.get<Access | undefined>(ACCESS_KEY, handler);
    if (!owner || access?.rule !== 'permission') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const { id } = request.params;
    if (!isUUID(id)) throw new NotFoundError();
    const lookup = this.modules.get(owner, { strict: false });
    request.ownerVendorId = await lookup.assertVisible(id as string, access.permission);
    return true;
  }
}
