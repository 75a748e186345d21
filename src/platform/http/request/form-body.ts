import { isUtf8 } from 'node:buffer';
import { InvalidError, type FieldFault } from '../../../kernel/errors.js';
import { ProtocolError } from './protocol.error.js';
import { keyFault, pointer, textFault } from './untrusted-text.js';

/** Far more than any form here has; more would let a small body buy a large answer. */
const MAX_FIELDS = 50;

/**
 * The fields of a form (application/x-www-form-urlencoded). Refuses a field that is given twice, as RFC 6749 (3.2) does, and
 * names and texts as in JSON. Throws ProtocolError (not UTF-8) or InvalidError.
 */
export function parseFormBody(bytes: Buffer): Record<string, unknown> {
  if (!isUtf8(bytes)) throw new ProtocolError(400, 'malformed_request', 'The form is not in UTF-8.');
  const given = [...new URLSearchParams(bytes.toString('utf8'))];
  if (given.length > MAX_FIELDS)
    throw InvalidError.field('', 'too_many_fields', `The form has more than ${MAX_FIELDS} fields.`);
  const fields = new Map<string, string>();
  const faults: FieldFault[] = [];
  for (const [name, value] of given) {
    const twice = { code: 'duplicate_field', detail: 'This field is given more than once.' };
    const fault = keyFault(name) ?? textFault(value) ?? (fields.has(name) ? twice : undefined);
    if (fault) faults.push({ pointer: pointer(name), ...fault });
    fields.set(name, value);
  }
  if (faults.length > 0) throw new InvalidError(faults);
  return Object.fromEntries(fields);
}
