import { Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { isUUID } from 'class-validator';
import { NotFoundError } from '../../kernel/errors.js';
import type { Permission } from '../../kernel/permissions.js';
import type { OwnerLookup } from '../http/route.js';

/** Asks the services that know the owners of things. */
@Injectable()
export class Ownership {
  constructor(private readonly modules: ModuleRef) {}

  /**
   * The vendor that owns the thing, null for none, as the caller bound to the call may know it. The id may be of any
   * shape, since no pipe has seen it. Throws one NotFoundError for what is not there and what is out of the caller's reach.
   */
  async ownerOf(lookup: Type<OwnerLookup>, id: unknown, permission: Permission): Promise<string | null> {
    if (!isUUID(id)) throw new NotFoundError();
    return this.modules.get(lookup, { strict: false }).assertVisible(id as string, permission);
  }
}
