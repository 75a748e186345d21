import { toUSVString } from 'node:util';
import type { FieldFault } from '../../../kernel/errors.js';

/** Keys that reach an object's prototype in code that merges carelessly. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Why PostgreSQL or UTF-8 could not hold this text; undefined when they can. */
export function textFault(text: string): Omit<FieldFault, 'pointer'> | undefined {
  if (text.includes('\0')) return { code: 'nul_character', detail: 'Must not contain the NUL character.' };
  if (toUSVString(text) !== text) return { code: 'lone_surrogate', detail: 'Must be well-formed Unicode.' };
  return undefined;
}

/** What is wrong with a name that the caller chose; undefined when nothing is. */
export function keyFault(key: string): Omit<FieldFault, 'pointer'> | undefined {
  if (FORBIDDEN_KEYS.has(key)) return { code: 'forbidden_field', detail: 'This field name is not accepted.' };
  return textFault(key);
}

/** A JSON Pointer (RFC 6901); its tokens are made well-formed, so that the answer is. */
export function pointer(...tokens: readonly (string | number)[]): string {
  return tokens
    .map((token) => `/${toUSVString(String(token)).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
