import { Injectable, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ACCESS_KEY, OWNER_KEY, type Access, type OwnerLookup } from '../http/route.js';
import { Ownership } from './ownership.js';

/** May you see the thing in the path? Asks the service named by `@OwnedBy`; runs after the permissions guard. */
@Injectable()
export class OwnershipGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly ownership: Ownership,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const handler = context.getHandler();
    const owner = this.reflector.get<Type<OwnerLookup> | undefined>(OWNER_KEY, handler);
    const access = this.reflector.get<Access | undefined>(ACCESS_KEY, handler);
    if (!owner || access?.rule !== 'permission') return true;
    const request = context.switchToHttp().getRequest<Request>();
    request.ownerVendorId = await this.ownership.ownerOf(owner, request.params.id, access.permission);
    return true;
  }
}
