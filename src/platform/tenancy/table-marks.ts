import { getMetadataArgsStorage } from 'typeorm';
import type { Actor } from '../../kernel/actor.js';
import { marksOf, strictestMark, type Mark } from '../../kernel/classification.js';

/**
 * The mark of a table's column, by the name of its property. Where the table is none of the model's, or has no such
 * column, the strictest that any column of that name has: what is not known is not told.
 */
export function markOf(table: string | null, field: string): Mark | undefined {
  const tables = getMetadataArgsStorage().tables.filter(({ name }) => name === table);
  for (const { target } of tables) {
    const mark = typeof target === 'function' ? marksOf(target).get(field) : undefined;
    if (mark) return mark;
  }
  return strictestMark(field);
}

/** Whether the column's values are never told to anybody. */
export const isSecret = (table: string, field: string): boolean => markOf(table, field)?.kind === 'secret';

/** Whether the reader, somewhere in the tenant, sees the column masked. */
export function isMaskedFor(reader: Actor, table: string, field: string): boolean {
  const mark = markOf(table, field);
  const isMaskable = mark !== undefined && 'form' in mark && mark.form !== 'shown';
  return isMaskable && !reader.covers('personal_data:read', null);
}
