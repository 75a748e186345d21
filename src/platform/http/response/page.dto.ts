import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '../../../kernel/page.js';

/** Where a list goes on. */
export class PageInfo {
  /** Give it as `cursor` to get the next page; null on the last */
  @ApiProperty({ type: String, nullable: true, maxLength: 512 })
  nextCursor: string | null;

  /** How many items a page holds at most */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 100 })
  limit: number;
}

/**
 * The base of a resource's list: `export class VendorPage extends pageOf(VendorDto) {}`, answered as
 * `VendorPage.from(page, VendorDto.from)`. Each list needs its own name, for the API description.
 */
export function pageOf<Dto extends object>(item: Type<Dto>) {
  class ItemPage {
    @ApiProperty({ type: item, isArray: true, maxItems: 100 })
    data: Dto[];

    @ApiProperty({ type: PageInfo })
    page: PageInfo;

    static from<Entity>(found: Page<Entity>, toDto: (entity: Entity) => Dto): ItemPage {
      const { data, nextCursor, limit } = found;
      return { data: data.map((entity) => toDto(entity)), page: { nextCursor, limit } };
    }
  }
  return ItemPage;
}
