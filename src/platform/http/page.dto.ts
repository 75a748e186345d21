import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { Page, PageRequest } from '../../kernel/page.js';
import type { PageQuery } from './route.js';

/** Where a list goes on. */
export class PageInfo {
  @ApiProperty({
    type: String,
    nullable: true,
    maxLength: 512,
    description: 'Send it as `cursor` for the next page; null on the last',
  })
  nextCursor: string | null;

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: 100,
    description: 'How many items a page has at most',
  })
  limit: number;
}

/** A list as it is answered. */
export interface PageDto<T> {
  data: T[];
  page: PageInfo;
}

/** The class of a list of these items, for OpenAPI: `class VendorPageDto extends pageOf(VendorDto) {}`. */
export function pageOf<T>(item: Type<T>): Type<PageDto<T>> {
  class Listed implements PageDto<T> {
    @ApiProperty({ type: [item], maxItems: 100 })
    data: T[];

    @ApiProperty({ type: PageInfo })
    page: PageInfo;
  }
  return Listed;
}

/** The page with each row as it is answered. */
export function toPageDto<E, T>(page: Page<E>, present: (row: E) => T): PageDto<T> {
  return { data: page.data.map(present), page: { nextCursor: page.nextCursor, limit: page.limit } };
}

/** The page that the query asks for, with what it leaves out filled in. */
export function pageRequest({ limit = 20, sort = '-createdAt', cursor }: PageQuery): PageRequest {
  return cursor === undefined ? { limit, sort } : { limit, sort, cursor };
}
