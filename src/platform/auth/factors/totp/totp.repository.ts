import { IsNull, MoreThan, type EntityManager, type Repository } from 'typeorm';
import type { TotpColumns } from './totp.entity.js';

/** The authenticator apps of one realm. */
export class TotpRepository {
  constructor(
    private readonly entity: new () => TotpColumns,
    private readonly manager: () => EntityManager,
  ) {}

  async findConfirmed(accountId: string): Promise<TotpColumns | null> {
    const found = await this.repository.findOneBy({ accountId });
    return found?.confirmedAt ? found : null;
  }

  /** The enrolment under way, if it was begun after this moment. */
  async findPending(accountId: string, begunAfter: Date): Promise<TotpColumns | null> {
    return this.repository.findOneBy({ accountId, confirmedAt: IsNull(), createdAt: MoreThan(begunAfter) });
  }

  /** Begins an enrolment in the place of one that was never confirmed; false when one is confirmed already. */
  async begin(accountId: string, seed: string): Promise<boolean> {
    await this.repository.delete({ accountId, confirmedAt: IsNull() });
    const values = { accountId, seed, createdAt: new Date() };
    const result = await this.repository
      .createQueryBuilder()
      .insert()
      .values(values)
      .orIgnore()
      .returning('account_id')
      .execute();
    return (result.raw as unknown[]).length === 1;
  }

  /** Confirms the enrolment with this seed, whose code of this step was right; of several at once, one gets true. */
  async confirm(accountId: string, seed: string, step: number): Promise<boolean> {
    const values = { confirmedAt: new Date(), lastStep: String(step) };
    const { affected } = await this.repository.update({ accountId, seed, confirmedAt: IsNull() }, values);
    return affected === 1;
  }

  /** Uses up the step and all before it; of several at once, one gets true. */
  async useStep(accountId: string, step: number): Promise<boolean> {
    const { affected } = await this.repository
      .createQueryBuilder()
      .update()
      .set({ lastStep: String(step) })
      .where('account_id = :accountId AND confirmed_at IS NOT NULL AND last_step < :step', {
        accountId,
        step,
      })
      .execute();
    return affected === 1;
  }

  /** Whether there was one, confirmed or not. */
  async remove(accountId: string): Promise<boolean> {
    const { affected } = await this.repository.delete({ accountId });
    return affected === 1;
  }

  private get repository(): Repository<TotpColumns> {
    return this.manager().getRepository(this.entity);
  }
}
