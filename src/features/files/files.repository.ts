import { Injectable } from '@nestjs/common';
import { In, MoreThan, type DeepPartial, type SelectQueryBuilder } from 'typeorm';
import { NotFoundError } from '../../kernel/errors.js';
import type { Page, PageRequest } from '../../kernel/page.js';
import { isForeignKeyViolation } from '../../platform/tenancy/database-errors.js';
import { ITEM } from '../../platform/tenancy/page-query.js';
import { TenantContext } from '../../platform/tenancy/tenant-context.js';
import { TenantRepository } from '../../platform/tenancy/tenant.repository.js';
import { StoredFile, type ScanState } from './file.entity.js';

/** What a file is attached to: a vendor, or an agent of that vendor. */
export interface FileOwner {
  vendorId: string;
  agentId: string | null;
}

const UNSCANNED: readonly ScanState[] = ['pending', 'off'];

@Injectable()
export class FilesRepository extends TenantRepository<StoredFile> {
  protected readonly readPermission = 'files:read';
  protected override readonly quota = 'storageBytes';

  constructor(context: TenantContext) {
    super(context, StoredFile);
  }

  /**
   * Inserts the row under the id its bytes are stored by. Throws NotFoundError when the owner was removed meanwhile,
   * ForbiddenError when the tenant has no room for so many bytes.
   */
  async add(id: string, values: DeepPartial<StoredFile> & { size: number }): Promise<StoredFile> {
    try {
      return await this.insertAs(id, values, values.size);
    } catch (error) {
      if (isForeignKeyViolation(error)) throw new NotFoundError();
      throw error;
    }
  }

  /** The files attached to the owner itself: those of a vendor's agents are not among the vendor's. */
  findPageOf({ vendorId, agentId }: FileOwner, request: PageRequest): Promise<Page<StoredFile>> {
    return this.findPage(request, { equals: { vendorId, agentId } });
  }

  /** Which of these ids have a row, for all of the tenant; for jobs. */
  async existing(ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.repository.find({ select: { id: true }, where: { id: In([...ids]) } });
    return new Set(rows.map(({ id }) => id));
  }

  /** Files that no scanner has looked at, by their ids after the one given; for jobs. */
  unscanned(after: string, limit: number): Promise<Pick<StoredFile, 'id' | 'sealed'>[]> {
    return this.repository.find({
      select: { id: true, sealed: true },
      where: { scan: In(UNSCANNED), ...(after !== '' && { id: MoreThan(after) }) },
      order: { id: 'ASC' },
      take: limit,
    });
  }

  /** What the scanner said of a file that waited for it; for jobs. */
  async settleScan(id: string, scan: 'clean' | 'infected'): Promise<void> {
    await this.repository.update(
      { id, scan: In(UNSCANNED) },
      { scan, updatedAt: new Date(), version: () => 'version + 1' },
    );
  }

  protected ownedBy(query: SelectQueryBuilder<StoredFile>, vendorId: string): void {
    query.andWhere(`${ITEM}.vendorId = :vendorId`, { vendorId });
  }
}
