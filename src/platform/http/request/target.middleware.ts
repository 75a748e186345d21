import { parse } from 'node:querystring';
import type { NextFunction, Request, Response } from 'express';
import { InvalidError, NotFoundError, type FieldFault } from '../../../kernel/errors.js';
import { ProtocolError } from './protocol.error.js';
import { keyFault, pointer, textFault } from './untrusted-text.js';

/** More keys than any route knows; those beyond would be dropped without a word. */
const MAX_QUERY_KEYS = 50;

/** Refuses a path or query that is malformed, names a key twice or holds what no id or filter can. */
export function checkTarget(request: Request, _response: Response, next: NextFunction): void {
  const [path = '', ...query] = request.url.split('?');
  assertDecodable(request.url);
  if (textFault(decodeURIComponent(path))) throw new NotFoundError();
  const faults = queryFaults(query.join('?'));
  if (faults.length > 0) throw new InvalidError(faults);
  next();
}

function assertDecodable(target: string): void {
  try {
    decodeURIComponent(target);
  } catch {
    throw new ProtocolError(400, 'malformed_url', 'The URL holds a malformed percent-encoding.');
  }
}

function queryFaults(query: string): FieldFault[] {
  const values = parse(query, '&', '=', { maxKeys: MAX_QUERY_KEYS + 1 });
  const keys = Object.keys(values);
  if (query.split('&').length > MAX_QUERY_KEYS)
    return [
      {
        pointer: '/query',
        code: 'too_many_fields',
        detail: `At most ${MAX_QUERY_KEYS} query fields are taken.`,
      },
    ];
  return keys.flatMap((key) => {
    const value = values[key];
    const repeated = { code: 'repeated_field', detail: 'This query field is given more than once.' };
    const fault = keyFault(key) ?? (typeof value === 'string' ? textFault(value) : repeated);
    return fault ? [{ pointer: pointer('query', key), ...fault }] : [];
  });
}
