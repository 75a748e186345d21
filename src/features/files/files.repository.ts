import { Injectable } from '@nestjs/common';
import { In, type DeepPartial, type SelectQueryBuilder } from 'typeorm';
import { NotFoundError } from '../../kernel/errors.js';
import type { Page, PageRequest } from '../../kernel/page.js';
import { isForeignKeyViolation } from '../../platform/tenancy/database-errors.js';
import { ITEM } from '../../platform/tenancy/page-query.js';
import { TenantContext } from '../../platform/tenancy/tenant-context.js';
import { TenantRepository } from '../../platform/tenancy/tenant.repository.js';
import { StoredFile } from './file.entity.js';

/** What a file is attached to: a vendor, or an agent of that vendor. */
export interface FileOwner {
  vendorId: string;
  agentId: string | null;
}

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

  protected ownedBy(query: SelectQueryBuilder<StoredFile>, vendorId: string): void {
    query.andWhere(`${ITEM}.vendorId = :vendorId`, { vendorId });
  }
}
