/** One fault of one field; `pointer` is a JSON Pointer (RFC 6901) into the body, or `/query/<name>`. */
export interface FieldFault {
  pointer: string;
  code: string;
  detail: string;
}

/** The kinds of refusal there are. Only `problem.filter.ts` knows which HTTP status each becomes. */
export type ErrorKind =
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'precondition_failed'
  | 'invalid'
  | 'too_large'
  | 'unsupported_type'
  | 'unsatisfiable_range'
  | 'rate_limited'
  | 'unavailable'
  | 'out_of_storage';

/**
 * A refusal that the caller may read: `detail` is safe to send, `code` is stable.
 * Knows no HTTP. Anything thrown that is not a DomainError is a fault of the server.
 */
export abstract class DomainError extends Error {
  abstract readonly kind: ErrorKind;
  constructor(
    readonly code: string,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.name = new.target.name;
  }
}

export class UnauthenticatedError extends DomainError {
  readonly kind = 'unauthenticated';
  constructor(code = 'unauthenticated', detail = 'Valid credentials are required.') {
    super(code, detail);
  }
}

export class ForbiddenError extends DomainError {
  readonly kind = 'forbidden';
  constructor(code = 'forbidden', detail = 'Your roles do not allow this.') {
    super(code, detail);
  }
}

/** The caller must prove themselves anew before this; `methods` are the ways in which they can. */
export class StepUpRequiredError extends ForbiddenError {
  constructor(readonly methods: readonly string[]) {
    super('step_up_required', 'Prove yourself anew first: see POST /v1/auth/step-up.');
  }
}

/** The caller may do this, but not with these parts of the input; each fault names one. */
export class ForbiddenInputError extends DomainError {
  readonly kind = 'forbidden';
  constructor(
    code: 'forbidden_fields' | 'exceeds_own_rights',
    detail: string,
    readonly faults: readonly FieldFault[],
  ) {
    super(code, detail);
  }

  /** Fields that the caller may not read or write. */
  static fields(pointers: readonly string[]): ForbiddenInputError {
    const faults = pointers.map((pointer) => ({
      pointer,
      code: 'forbidden',
      detail: 'Your roles leave this field out.',
    }));
    return new ForbiddenInputError('forbidden_fields', 'Your roles leave out some of these fields.', faults);
  }
}

/** The same answer for what does not exist and for what the caller may not see. */
export class NotFoundError extends DomainError {
  readonly kind = 'not_found';
  constructor() {
    super('not_found', 'There is no such resource.');
  }
}

export class ConflictError extends DomainError {
  readonly kind = 'conflict';
  constructor(detail: string, code = 'conflict') {
    super(code, detail);
  }
}

export class PreconditionFailedError extends DomainError {
  readonly kind = 'precondition_failed';
  constructor() {
    super('precondition_failed', 'The resource has changed since you read it.');
  }
}

/** Input that is well-formed JSON but not acceptable; each fault names its field. */
export class InvalidError extends DomainError {
  readonly kind = 'invalid';
  constructor(readonly faults: readonly FieldFault[]) {
    super('validation_failed', 'Some fields are not acceptable.');
  }
  static field(pointer: string, code: string, detail: string): InvalidError {
    return new InvalidError([{ pointer, code, detail }]);
  }
}

export class TooLargeError extends DomainError {
  readonly kind = 'too_large';
  constructor(detail: string) {
    super('payload_too_large', detail);
  }
}

export class UnsupportedTypeError extends DomainError {
  readonly kind = 'unsupported_type';
  constructor(detail: string) {
    super('unsupported_media_type', detail);
  }
}

/** `size` is the length of the whole representation in bytes (RFC 9110, 15.5.17). */
export class UnsatisfiableRangeError extends DomainError {
  readonly kind = 'unsatisfiable_range';
  constructor(readonly size: number) {
    super('range_not_satisfiable', 'The requested range lies outside the content.');
  }
}

export class RateLimitedError extends DomainError {
  readonly kind = 'rate_limited';
  /** `violatedPolicies` are the names of the budgets that are used up. */
  constructor(
    readonly retryAfterSeconds: number,
    readonly violatedPolicies: readonly string[] = [],
  ) {
    super('rate_limited', 'Too many requests; retry later.');
  }
}

/** A bounded resource is used up for now; the same request may be sent again later. */
export class UnavailableError extends DomainError {
  readonly kind = 'unavailable';
  constructor(
    code = 'overloaded',
    detail = 'The service is busy; retry later.',
    readonly retryAfterSeconds = 1,
    options?: ErrorOptions,
  ) {
    super(code, detail, options);
  }
}

export class OutOfStorageError extends DomainError {
  readonly kind = 'out_of_storage';
  constructor() {
    super('insufficient_storage', 'There is no room to store this.');
  }
}
