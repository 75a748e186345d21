import { createHash, createHmac } from 'node:crypto';
import serialize from 'canonicalize';

/** The one spelling of a JSON value (RFC 8785), over which it is hashed and authenticated. Throws for what is no JSON. */
export function canonical(value: object): string {
  const text = serialize(value);
  if (text === undefined) throw new TypeError('not a JSON value');
  return text;
}

/** In hexadecimal digits, as all digests and codes of the log. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export const hmacSha256 = (key: Uint8Array, text: string): string =>
  createHmac('sha256', key).update(text).digest('hex');
