import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { InvalidError, NotFoundError, type FieldFault } from '../../kernel/errors.js';
import { pointer } from './request/untrusted-text.js';

/** Enough to correct a form by; more would let a small body buy a large answer. */
const MAX_FAULTS = 50;

/** Checks bodies, queries and path parameters by their DTO: unknown fields are faults, and no value changes its type. */
export class StrictValidationPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      transform: true,
      stopAtFirstError: false,
      validationError: { target: false, value: false },
      exceptionFactory: (errors: ValidationError[]) =>
        new InvalidError(faultsOf(errors, []).slice(0, MAX_FAULTS)),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    try {
      return (await super.transform(value, metadata)) as unknown;
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error;
      // An id that cannot be one names nothing, like any other id that is not there.
      if (metadata.type === 'param') throw new NotFoundError();
      if (metadata.type !== 'query') throw error;
      throw new InvalidError(error.faults.map((fault) => ({ ...fault, pointer: `/query${fault.pointer}` })));
    }
  }

  /** A parameter of a plain type is left as it came: `Number('0x10')` and its like are nobody's wish. */
  protected override transformPrimitive(value: unknown): unknown {
    return value;
  }
}

function faultsOf(errors: readonly ValidationError[], path: readonly string[]): FieldFault[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    // The fault of a whole value that has no rules comes without a property, whatever its type says.
    const place = [...path, ...[property as string | undefined].filter((name) => name !== undefined)];
    const own = Object.entries(constraints).map(([constraint, message]) => ({
      pointer: pointer(...place),
      ...wording(constraint, message),
    }));
    return [...own, ...faultsOf(children, place)];
  });
}

function wording(constraint: string, message: string): Pick<FieldFault, 'code' | 'detail'> {
  if (constraint === 'whitelistValidation')
    return { code: 'unknown_field', detail: 'There is no such field.' };
  const code = constraint.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/^_/, '');
  return { code, detail: `${message.charAt(0).toUpperCase()}${message.slice(1)}.` };
}
