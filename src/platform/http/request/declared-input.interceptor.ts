import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { InvalidError, UnsupportedTypeError, type FieldFault } from '../../../kernel/errors.js';
import { FORM_KEY, MULTIPART_KEY } from '../route.js';
import { FORM_MEDIA_TYPE, mediaTypeOf } from './body.middleware.js';
import { hasBody } from './request-body.js';
import { pointer } from './untrusted-text.js';

/** The fields a handler takes from one part of the request; undefined: a DTO decides. */
type Declared = ReadonlySet<string> | undefined;

/**
 * A route gets only what it declares: multipart where it says `@Multipart()`, a form where it says `@FormEncoded()`, and neither elsewhere; query and body fields
 * where a parameter takes them. Where a DTO does, the validation pipe knows its fields.
 */
@Injectable()
export class DeclaredInputInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>();
    const takesMultipart =
      this.reflector.get<boolean | undefined>(MULTIPART_KEY, context.getHandler()) ?? false;
    const isMultipart = mediaTypeOf(request) === 'multipart/form-data';
    if (takesMultipart && !isMultipart)
      throw new UnsupportedTypeError('The body must be multipart/form-data.');
    if (!takesMultipart && isMultipart && hasBody(request))
      throw new UnsupportedTypeError('The body must be application/json.');
    this.acceptForm(request, context);
    const faults = [
      ...unknownFields(request.query, declaredBy(context, RouteParamtypes.QUERY), ['query']),
      ...(takesMultipart ? [] : unknownFields(request.body, declaredBy(context, RouteParamtypes.BODY), [])),
    ];
    if (faults.length > 0) throw new InvalidError(faults);
    return next.handle();
  }

  private acceptForm(request: Request, context: ExecutionContext): void {
    const takesForm = this.reflector.get<boolean | undefined>(FORM_KEY, context.getHandler()) ?? false;
    const isForm = mediaTypeOf(request) === FORM_MEDIA_TYPE;
    if (takesForm && !isForm) throw new UnsupportedTypeError(`The body must be ${FORM_MEDIA_TYPE}.`);
    if (!takesForm && isForm && hasBody(request))
      throw new UnsupportedTypeError('The body must be application/json.');
    if (takesForm) request.body = request.formBody;
  }
}

function declaredBy(context: ExecutionContext, type: RouteParamtypes): Declared {
  const parameters = (Reflect.getMetadata(
    ROUTE_ARGS_METADATA,
    context.getClass(),
    context.getHandler().name,
  ) ?? {}) as Readonly<Record<string, { data?: unknown }>>;
  const fields = Object.entries(parameters)
    .filter(([key]) => key.startsWith(`${type}:`))
    .map(([, { data }]) => data);
  if (fields.some((field) => typeof field !== 'string')) return undefined;
  return new Set(fields as string[]);
}

function unknownFields(part: unknown, declared: Declared, path: readonly string[]): FieldFault[] {
  if (declared === undefined || typeof part !== 'object' || part === null) return [];
  return Object.keys(part)
    .filter((key) => !declared.has(key))
    .map((key) => ({
      pointer: pointer(...path, key),
      code: 'unknown_field',
      detail: 'There is no such field.',
    }));
}
