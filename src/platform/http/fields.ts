import { applyDecorators } from '@nestjs/common';
import { IsISO8601, Matches, ValidateIf } from 'class-validator';

/** May be left out, but not be null: what is sent must pass the other rules. */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

/** May be left out, or be null for "none". */
export const Nullable = (): PropertyDecorator =>
  ValidateIf((_, value) => value !== undefined && value !== null);

/** Text in one line: no control or bidirectional-override characters, no white space at its ends. */
export const IsOneLine = (): PropertyDecorator =>
  applyDecorators(
    Matches(/^(?!\s)[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*(?<!\s)$/u, {
      message:
        '$property must be text in one line, without control characters and without white space at its ends',
    }),
  );

/** A telephone number in international form: digits after a +, with spaces and the usual marks between (E.123). */
export const IsPhone = (): PropertyDecorator =>
  Matches(/^\+(?:[ ().-]?\d){6,15}$/, { message: '$property must be a telephone number as +49 30 901820' });

/** A time of RFC 3339 with its offset, on a day that exists. */
export const IsTime = (): PropertyDecorator =>
  applyDecorators(
    Matches(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/, {
      message: '$property must be a time of RFC 3339, as 2026-12-31T23:59:59Z',
    }),
    IsISO8601({ strict: true, strictSeparator: true }),
  );
