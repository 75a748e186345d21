import { isUtf8 } from 'node:buffer';
import { InvalidError, type FieldFault } from '../../../kernel/errors.js';
import { ProtocolError } from './protocol.error.js';
import { keyFault, pointer, textFault } from './untrusted-text.js';

/** Deeper JSON overflows recursive code further in; no resource here nests deeper than four. */
export const MAX_JSON_DEPTH = 32;
/** Enough to correct a form by; more would let a small body buy a large answer. */
const MAX_FAULTS = 50;
const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;

/**
 * The object in a JSON body. Refuses what parsers disagree on or what breaks further in: another top level than an
 * object, duplicate and prototype keys, NUL, lone surrogates, deep nesting. Throws ProtocolError (not JSON) or InvalidError.
 */
export function parseJsonBody(bytes: Buffer): Record<string, unknown> {
  const text = isUtf8(bytes) ? bytes.toString('utf8') : undefined;
  let body: unknown;
  try {
    body = text === undefined ? undefined : JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (text === undefined || body === undefined)
    throw new ProtocolError(400, 'malformed_json', 'The body is not valid JSON in UTF-8.');
  if (!isObject(body)) throw InvalidError.field('', 'not_an_object', 'The body must be a JSON object.');
  // Depth comes first: the other checks may then recurse.
  if (isTooDeep(text))
    throw InvalidError.field('', 'too_deep', `The body nests deeper than ${MAX_JSON_DEPTH} levels.`);
  const faults: FieldFault[] = [];
  collectFaults(body, [], faults);
  collectDuplicates(text, faults);
  if (faults.length > 0) throw new InvalidError(faults.slice(0, MAX_FAULTS));
  return body;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(JSON_TOKEN)) {
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    if (depth > MAX_JSON_DEPTH) return true;
  }
  return false;
}

function collectFaults(value: unknown, path: readonly (string | number)[], faults: FieldFault[]): void {
  if (faults.length >= MAX_FAULTS) return;
  if (typeof value === 'string') {
    const fault = textFault(value);
    if (fault) faults.push({ pointer: pointer(...path), ...fault });
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => collectFaults(item, [...path, index], faults));
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      const fault = keyFault(key);
      if (fault) faults.push({ pointer: pointer(...path, key), ...fault });
      else collectFaults(item, [...path, key], faults);
    }
  }
}

/** One open object or array while the text of valid JSON is walked; `keys` is undefined in arrays. */
interface Frame {
  keys: Set<string> | undefined;
  at: string | number;
}

/** JSON.parse keeps the last of several equal keys and cannot say so; the text itself can. */
function collectDuplicates(text: string, faults: FieldFault[]): void {
  const frames: Frame[] = [];
  let previous = '';
  for (const [token] of text.matchAll(JSON_TOKEN)) {
    const frame = frames.at(-1);
    if (token === '{') frames.push({ keys: new Set(), at: '' });
    else if (token === '[') frames.push({ keys: undefined, at: 0 });
    else if (token === '}' || token === ']') frames.pop();
    else if (token === ',' && typeof frame?.at === 'number') frame.at += 1;
    else if (token === ':' && frame?.keys) {
      const key = JSON.parse(previous) as string;
      frame.at = key;
      if (frame.keys.has(key) && faults.length < MAX_FAULTS) {
        const place = pointer(...frames.map(({ at }) => at));
        faults.push({
          pointer: place,
          code: 'duplicate_field',
          detail: 'This field is given more than once.',
        });
      }
      frame.keys.add(key);
    }
    previous = token;
  }
}
