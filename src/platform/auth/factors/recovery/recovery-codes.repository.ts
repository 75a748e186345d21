import { IsNull, type EntityManager, type Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { RecoveryCodeColumns } from './recovery-code.entity.js';

/** The recovery codes of one realm. */
export class RecoveryCodesRepository {
  constructor(
    private readonly entity: new () => RecoveryCodeColumns,
    private readonly manager: () => EntityManager,
  ) {}

  async countUnused(accountId: string): Promise<number> {
    return this.repository.countBy({ accountId, usedAt: IsNull() });
  }

  /** Puts these in the place of all that the account had; to be called in a transaction. */
  async replace(accountId: string, codeHashes: readonly string[]): Promise<void> {
    await this.remove(accountId);
    await this.repository.insert(
      codeHashes.map((codeHash) => ({ id: uuidv7(), accountId, codeHash, usedAt: null })),
    );
  }

  /** Uses the code up; of several at once, one gets true. */
  async use(accountId: string, codeHash: string): Promise<boolean> {
    const { affected } = await this.repository.update(
      { accountId, codeHash, usedAt: IsNull() },
      { usedAt: new Date() },
    );
    return affected === 1;
  }

  async remove(accountId: string): Promise<void> {
    await this.repository.delete({ accountId });
  }

  private get repository(): Repository<RecoveryCodeColumns> {
    return this.manager().getRepository(this.entity);
  }
}
