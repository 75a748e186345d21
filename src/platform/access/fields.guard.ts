import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ForbiddenInputError } from '../../kernel/errors.js';
import type { Actor } from '../../kernel/actor.js';
import type { Permission } from '../../kernel/permissions.js';
import { fieldsOf } from '../http/field-rights.js';
import { ACCESS_KEY, type Access } from '../http/route.js';

/**
 * May you write these fields? Runs after the ownership guard, which knows whose the thing is; fields of a thing yet to be
 * made are judged by the widest scope. Goes by the names that are sent, never by values, which would tell what is stored.
 */
@Injectable()
export class FieldsGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const access = this.reflector.get<Access | undefined>(ACCESS_KEY, context.getHandler());
    const request = context.switchToHttp().getRequest<Request>();
    const { actor, ownerVendorId } = request;
    const body: unknown = request.body;
    if (access?.rule !== 'permission' || !actor || typeof body !== 'object' || body === null) return true;
    const refused = refusedFields(actor, access.permission, ownerVendorId, Object.keys(body));
    if (refused.length > 0) throw ForbiddenInputError.fields(refused.map((field) => `/${field}`));
    return true;
  }
}

/** Those of the named fields that the caller may not write; an owner of undefined: of a thing yet to be made. */
export function refusedFields(
  actor: Actor,
  permission: Permission,
  ownerVendorId: string | null | undefined,
  names: readonly string[],
): string[] {
  const mayUse = (field: string): boolean =>
    ownerVendorId === undefined
      ? actor.mayUseEverywhere(permission, field)
      : actor.mayUse(permission, field, ownerVendorId);
  return fieldsOf(permission).filter((field) => names.includes(field) && !mayUse(field));
}
