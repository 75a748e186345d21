import { InvalidError } from '../../kernel/errors.js';
import type { Sort } from '../../kernel/page.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** Where a page ended: the sort's value of its last row, and that row's id. */
export interface Position {
  value: string;
  id: string;
}

/** An opaque cursor for the position of the row in this sort. */
export function encodeCursor(sort: Sort, row: { id: string; createdAt: Date; name?: string }): string {
  const value = sort.endsWith('name') ? (row.name ?? '') : row.createdAt.toISOString();
  return Buffer.from(JSON.stringify([sort, value, row.id])).toString('base64url');
}

/** The position in the cursor. Throws InvalidError unless `encodeCursor` made it for this very sort. */
export function decodeCursor(cursor: string, sort: Sort): Position {
  const refused = InvalidError.field(
    '/query/cursor',
    'cursor',
    'Must be the `page.nextCursor` of this list, in the same order.',
  );
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw refused;
  }
  if (!Array.isArray(parsed) || parsed.length !== 3) throw refused;
  const [madeFor, value, id] = parsed as unknown[];
  if (madeFor !== sort || typeof value !== 'string' || typeof id !== 'string' || !UUID.test(id))
    throw refused;
  if (value.includes('\0') || !value.isWellFormed()) throw refused;
  if (sort.endsWith('createdAt') && (!ISO_TIME.test(value) || Number.isNaN(Date.parse(value)))) throw refused;
  return { value, id };
}
