import {
  applyDecorators,
  createParamDecorator,
  SetMetadata,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Max, MaxLength, Min } from 'class-validator';
import { Transform } from 'class-transformer';
import type { Request } from 'express';
import { UnauthenticatedError } from '../../kernel/errors.js';
import type { Actor } from '../../kernel/actor.js';
import { SORTS, type PageRequest, type Sort } from '../../kernel/page.js';
import type { Permission } from '../../kernel/permissions.js';

export const ACCESS_KEY = 'ringfence:access';
export const OWNER_KEY = 'ringfence:owner';
export const MULTIPART_KEY = 'ringfence:multipart';

/** What a route declares of who may call it. A route without one stops the start. */
export type Access =
  { rule: 'public' } | { rule: 'authenticated' } | { rule: 'permission'; permission: Permission };

/** A service that can say whether the caller may see the thing with this id; asked by the ownership guard. */
export interface OwnerLookup {
  /** Throws NotFoundError when the id is unknown or outside what the caller may see. */
  assertVisible(id: string, permission: Permission): Promise<void>;
}

/** Anyone may call, without credentials. */
export const Public = (): MethodDecorator => SetMetadata(ACCESS_KEY, { rule: 'public' } satisfies Access);

/** Any authenticated caller may call; for what concerns the caller alone. */
export const Authenticated = (): MethodDecorator =>
  SetMetadata(ACCESS_KEY, { rule: 'authenticated' } satisfies Access);

/** Callers who hold the permission, in any scope, may call. */
export const Allow = (permission: Permission): MethodDecorator =>
  SetMetadata(ACCESS_KEY, { rule: 'permission', permission } satisfies Access);

/** The `:id` of the path must be one that this service lets the caller see; else 404. */
export const OwnedBy = (service: Type<OwnerLookup>): MethodDecorator =>
  applyDecorators(SetMetadata(OWNER_KEY, service));

/** The route takes `multipart/form-data`, not JSON. */
export const Multipart = (): MethodDecorator => SetMetadata(MULTIPART_KEY, true);

/** The authenticated caller. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { actor } = context.switchToHttp().getRequest<Request>();
  if (!actor) throw new UnauthenticatedError();
  return actor;
});

/** The path parameter `:id`. */
export class IdParam {
  /** UUID of the resource */
  @IsUUID()
  id: string;
}

/** What every list takes; feature query DTOs extend it. */
export class PageQuery implements Partial<PageRequest> {
  /** How many items at most, 1 to 100; 20 when left out */
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value,
  )
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;

  /** `page.nextCursor` of the page before */
  @IsOptional()
  @IsString()
  @MaxLength(512)
  cursor?: string;

  /** Order of the list; newest first when left out */
  @IsOptional()
  @IsIn(SORTS)
  sort?: Sort;
}
