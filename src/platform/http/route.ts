import {
  applyDecorators,
  createParamDecorator,
  HttpCode,
  HttpStatus,
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
import type { ExpectedVersions } from '../../kernel/version.js';
import { versionsIn } from './etag.js';

export const ACCESS_KEY = 'ringfence:access';
export const OWNER_KEY = 'ringfence:owner';
export const MULTIPART_KEY = 'ringfence:multipart';
export const FORM_KEY = 'ringfence:form-encoded';
export const TIGHT_LIMIT_KEY = 'ringfence:tight-limit';
export const CREATED_KEY = 'ringfence:created';
export const IMPERSONATION_KEY = 'ringfence:while-impersonating';
export const STEP_UP_KEY = 'ringfence:step-up';
export const READ_ONLY_KEY = 'ringfence:while-read-only';
export const CHANGES_NOTHING_KEY = 'ringfence:changes-nothing';
export const UNKEYED_KEY = 'ringfence:unkeyed';

/** What a route declares of who may call it. A route without one stops the start. */
export type Access =
  | { rule: 'public' }
  | { rule: 'authenticated'; programs: boolean }
  | { rule: 'permission'; permission: Permission };

/** A service that can say whether the caller may see the thing with this id; asked by the ownership guard. */
export interface OwnerLookup {
  /**
   * The vendor to which the thing belongs; null when to none. Throws NotFoundError when the id is unknown or outside
   * what the caller may see.
   */
  assertVisible(id: string, permission: Permission): Promise<string | null>;
}

/** Anyone may call, without credentials. */
export const Public = (): MethodDecorator => SetMetadata(ACCESS_KEY, { rule: 'public' } satisfies Access);

/** Anybody who is signed in may call; for what concerns the caller alone. Programs may not unless it says so. */
export const Authenticated = ({ programs = false } = {}): MethodDecorator =>
  SetMetadata(ACCESS_KEY, { rule: 'authenticated', programs } satisfies Access);

/** Callers who hold the permission, in any scope, may call. */
export const Allow = (permission: Permission): MethodDecorator =>
  SetMetadata(ACCESS_KEY, { rule: 'permission', permission } satisfies Access);

/** The `:id` of the path must be one that this service lets the caller see; else 404. */
export const OwnedBy = (service: Type<OwnerLookup>): MethodDecorator =>
  applyDecorators(SetMetadata(OWNER_KEY, service));

/** The body is multipart/form-data, and only that. */
export const Multipart = (): MethodDecorator => SetMetadata(MULTIPART_KEY, true);

/** The body is application/x-www-form-urlencoded, and only that: a standard wants it so. */
export const FormEncoded = (): MethodDecorator => SetMetadata(FORM_KEY, true);

/** Budgets beside the one over all routes; `throttler.guard.ts` sets their size. */
export type TightBudget = 'login';

/** The route also spends a smaller budget of the client's address, shared by all routes that name it. */
export const TightLimit = (budget: TightBudget): MethodDecorator & ClassDecorator =>
  SetMetadata(TIGHT_LIMIT_KEY, budget);

/** Works in a read-only tenant too, although it is no GET: it changes nothing but the caller's own sessions. */
export const WhileReadOnly = (): MethodDecorator => SetMetadata(READ_ONLY_KEY, true);

/** Open to an operator who acts as a user, although it is no GET: it ends that. */
export const WhileImpersonating = (): MethodDecorator => SetMetadata(IMPERSONATION_KEY, true);

/** The caller must have proved themselves within the last five minutes, with a second factor if they have one. */
export const StepUp = (): MethodDecorator => SetMetadata(STEP_UP_KEY, true);

/** The POST only reads, so sending it twice needs no `Idempotency-Key`. */
export const ChangesNothing = (): MethodDecorator =>
  applyDecorators(SetMetadata(CHANGES_NOTHING_KEY, true), Unkeyed());

/**
 * The POST takes no `Idempotency-Key`: its answer is a secret that is told once, or a refusal that must leave its trace,
 * while keyed requests keep their answers and undo what was refused.
 */
export const Unkeyed = (): MethodDecorator => SetMetadata(UNKEYED_KEY, true);

/** Where a new resource is found: `<base>/<id>`; the base is the request's own path when left out. */
export interface CreatedAt {
  base?: string;
  /** The field that names it in its address; `id` when left out. */
  key?: string;
}

/** The POST creates what it answers: 201 with `Location`. */
export const Created = (base?: string, key?: string): MethodDecorator =>
  applyDecorators(
    HttpCode(HttpStatus.CREATED),
    SetMetadata(CREATED_KEY, { ...(base && { base }), ...(key && { key }) } satisfies CreatedAt),
  );

/** The versions that `If-Match` allows the resource to be in; give them to `assertVersion`. A malformed one is 412. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): ExpectedVersions =>
  versionsIn(context.switchToHttp().getRequest<Request>().get('if-match')),
);

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
