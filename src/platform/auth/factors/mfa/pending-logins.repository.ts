import { LessThanOrEqual, MoreThan, type EntityManager, type Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { OpaqueToken } from '../../sessions/opaque-token.js';
import type { PendingLoginColumns, PendingPurpose } from './pending-login.entity.js';

/** How often a factor may be shown with one token. */
const MAX_ATTEMPTS = 5;

/** The sign-ins of one realm that lack their second factor. */
export class PendingLoginsRepository {
  constructor(
    private readonly entity: new () => PendingLoginColumns,
    private readonly manager: () => EntityManager,
  ) {}

  /** Returns the id; forgets those of the account that were never finished. */
  async insert(
    values: Pick<PendingLoginColumns, 'accountId' | 'purpose' | 'tokenHash' | 'expiresAt'>,
  ): Promise<string> {
    const id = uuidv7();
    const { accountId } = values;
    await this.repository.delete({ accountId, expiresAt: LessThanOrEqual(new Date()) });
    await this.repository.insert({ ...values, id });
    return id;
  }

  /** The sign-in that this token is for. */
  async find({ id, secretHash }: OpaqueToken, purpose: PendingPurpose): Promise<PendingLoginColumns | null> {
    return this.repository.findOneBy({ id, tokenHash: secretHash, purpose, expiresAt: MoreThan(new Date()) });
  }

  /** Counts an attempt before it is made. The account; undefined when the token is not good, or has none left. */
  async spend({ id, secretHash }: OpaqueToken, purpose: PendingPurpose): Promise<string | undefined> {
    const result = await this.repository
      .createQueryBuilder()
      .update()
      .set({ attempts: () => 'attempts + 1' })
      .where('id = :id AND token_hash = :secretHash AND purpose = :purpose', { id, secretHash, purpose })
      .andWhere('expires_at > :now AND attempts < :max', { now: new Date(), max: MAX_ATTEMPTS })
      .returning('account_id')
      .execute();
    return (result.raw as { account_id: string }[])[0]?.account_id;
  }

  /** Uses the token up; of several at once, one gets true. */
  async finish(id: string): Promise<boolean> {
    const { affected } = await this.repository.delete({ id });
    return affected === 1;
  }

  /** Ends every unfinished sign-in of the account: its factors or its password are not what they were. */
  async removeOf(accountId: string): Promise<void> {
    await this.repository.delete({ accountId });
  }

  private get repository(): Repository<PendingLoginColumns> {
    return this.manager().getRepository(this.entity);
  }
}
