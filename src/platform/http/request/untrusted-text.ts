import { toUSVString } from 'node:util';
import type { FieldFault } from '../../../kernel/errors.js';

/**
 * Names that every object has already: they reach its prototype in code that merges carelessly, and a validator that
 * looks its rules up by name finds something under them.
 */
const isInherited = (key: string): boolean => key in Object.prototype || key === 'prototype';

/** Why PostgreSQL or UTF-8 could not hold this text; undefined when they can. */
export function textFault(text: string): Omit<FieldFault, 'pointer'> | undefined {
  if (text.includes('\0')) return { code: 'nul_character', detail: 'Must not contain the NUL character.' };
  if (toUSVString(text) !== text) return { code: 'lone_surrogate', detail: 'Must be well-formed Unicode.' };
  return undefined;
}

/** What is wrong with a name that the caller chose; undefined when nothing is. */
export function keyFault(key: string): Omit<FieldFault, 'pointer'> | undefined {
  if (isInherited(key)) return { code: 'forbidden_field', detail: 'This field name is not accepted.' };
  return textFault(key);
}

/** A JSON Pointer (RFC 6901); its tokens are made well-formed, so that the answer is. */
export function pointer(...tokens: readonly (string | number)[]): string {
  return tokens
    .map((token) => `/${toUSVString(String(token)).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
