import type { EntityManager, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { PasskeyColumns } from './passkey.entity.js';

export type NewPasskey = Omit<PasskeyColumns, 'id' | 'createdAt' | 'lastUsedAt'>;

/** The passkeys of one realm. */
export class PasskeysRepository {
  constructor(
    private readonly entity: new () => PasskeyColumns,
    private readonly manager: () => EntityManager,
  ) {}

  /** Those of the account, oldest first. */
  async findOf(accountId: string): Promise<PasskeyColumns[]> {
    return this.repository.find({ where: { accountId }, order: { id: 'ASC' } });
  }

  async countOf(accountId: string): Promise<number> {
    return this.repository.countBy({ accountId });
  }

  async findByCredential(credentialId: string): Promise<PasskeyColumns | null> {
    return this.repository.findOneBy({ credentialId });
  }

  async insert(values: NewPasskey): Promise<PasskeyColumns> {
    const row = this.repository.create({ ...values, id: uuidv7(), createdAt: new Date(), lastUsedAt: null });
    await this.repository.insert(row);
    return row;
  }

  /**
   * Notes a use; false when the counter did not go on (WebAuthn, 7.2): another authenticator has the same key, or the
   * same signature came twice.
   */
  async noteUse(id: string, counter: number): Promise<boolean> {
    const { affected } = await this.repository
      .createQueryBuilder()
      .update()
      .set({ counter: String(counter), lastUsedAt: new Date() })
      .where('id = :id', { id })
      .andWhere(counter === 0 ? 'counter = 0' : 'counter < :counter', { counter })
      .execute();
    return affected === 1;
  }

  /** Whether the account had it. */
  async remove(accountId: string, id: string): Promise<boolean> {
    const { affected } = await this.repository.delete({ id, accountId });
    return affected === 1;
  }

  async removeAll(accountId: string): Promise<number> {
    const { affected } = await this.repository.delete({ accountId });
    return affected ?? 0;
  }

  private get repository(): Repository<PasskeyColumns> {
    return this.manager().getRepository(this.entity);
  }
}
