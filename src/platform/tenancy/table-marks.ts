import { getMetadataArgsStorage } from 'typeorm';
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
