import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SignableMessage } from '../../src/platform/api-keys/signing/signature-base.js';

const FOLDER = join(__dirname, '../vectors/rfc9421');

/** The text of a vector. */
export const vector = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

/** A request as it stands in a vector: head, empty line, body. */
export function parseRequest(text: string): SignableMessage & { body: string } {
  const [head = '', ...rest] = text.split(/\r?\n\r?\n/);
  const [start = '', ...lines] = head.split(/\r?\n/);
  const [method = '', target = ''] = start.split(' ');
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const field = (name: string) => fields.filter(([one]) => one === name).map(([, value]) => value);
  return { method, target, origin: `https://${field('host')[0]}`, field, body: rest.join('\n\n').trimEnd() };
}
