import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
import { decodeCursor, encodeCursor } from './cursor.js';

/** The alias of the listed entity in every list query. */
export const ITEM = 'item';

interface Listed extends ObjectLiteral {
  id: string;
  createdAt: Date;
  name?: string;
}

/** One page of the query's rows, in the order asked for; rows inserted meanwhile move no row to another page. */
export async function findPage<T extends Listed>(
  query: SelectQueryBuilder<T>,
  request: PageRequest,
): Promise<Page<T>> {
  const { limit, sort, cursor } = request;
  const isDescending = sort.startsWith('-');
  const direction = isDescending ? 'DESC' : 'ASC';
  const column = `${ITEM}.${sort.replace('-', '')}`;
  query
    .orderBy(column, direction)
    .addOrderBy(`${ITEM}.id`, direction)
    .take(limit + 1);
  if (cursor !== undefined) {
    const { value, id } = decodeCursor(cursor, sort);
    query.andWhere(`(${column}, ${ITEM}.id) ${isDescending ? '<' : '>'} (:afterValue, :afterId)`, {
      afterValue: value,
      afterId: id,
    });
  }
  const rows = await query.getMany();
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, limit, nextCursor: last && rows.length > limit ? encodeCursor(sort, last) : null };
}

const LIKE_WILDCARDS = /[\\%_]/g;

/** Adds "the column contains this text, in upper or lower case" to the query; its wildcards stand for themselves. */
export function matchesText(query: SelectQueryBuilder<ObjectLiteral>, column: string, text: string): void {
  query.andWhere(`${column} ILIKE :text`, { text: `%${text.replace(LIKE_WILDCARDS, '\\$&')}%` });
}
