export const SORTS = ['createdAt', '-createdAt', 'name', '-name'] as const;
export type Sort = (typeof SORTS)[number];

/** What a list request asks for; `limit` is 1 to 100 items. */
export interface PageRequest {
  limit: number;
  cursor?: string;
  sort: Sort;
}

/** One page of a list; `nextCursor` is null on the last. */
export interface Page<T> {
  data: T[];
  nextCursor: string | null;
  limit: number;
}
