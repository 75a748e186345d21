import type { PageRequest } from '../../kernel/page.js';
import type { PageQuery } from './route.js';

const DEFAULT_LIMIT = 20;

/** The page that the query asks for, with what it leaves out filled in. */
export function pageRequest({ limit = DEFAULT_LIMIT, sort = '-createdAt', cursor }: PageQuery): PageRequest {
  return cursor === undefined ? { limit, sort } : { limit, sort, cursor };
}
