import type { EntityManager, Repository } from 'typeorm';
import type { FactorAttemptColumns } from './factor-attempt.entity.js';

/** Attempts in a row before the account's second factors rest. */
const FREE_ATTEMPTS = 6;
/** NIST SP 800-63B-4, 3.2.2: no more than 100 failures in a row, ever. */
const MAX_FAILURES = 100;
const FIRST_REST_SECONDS = 60;
const LONGEST_REST_SECONDS = 3600;

/**
 * Counts wrong second factors in one realm: all kinds of an account together, apart from wrong passwords, so that a
 * stranger without the password cannot make them rest. After six in a row they rest for a minute, doubling to an hour;
 * after a hundred, until an administrator resets them.
 */
export class FactorAttemptsRepository {
  constructor(
    private readonly entity: new () => FactorAttemptColumns,
    private readonly manager: () => EntityManager,
  ) {}

  /**
   * Counts an attempt before it is made; false when none may be made now. Attempts at the same time are counted one after
   * the other, so that they cannot pass together. Throws inside a transaction: what is rolled back was not counted.
   */
  async spend(accountId: string): Promise<boolean> {
    if (this.manager().queryRunner?.isTransactionActive)
      throw new Error('an attempt would be counted in a transaction');
    await this.repository.createQueryBuilder().insert().values({ accountId }).orIgnore().execute();
    const { affected } = await this.repository
      .createQueryBuilder()
      .update()
      .set({ failures: () => 'failures + 1', lockedUntil: () => REST })
      .setParameters({ free: FREE_ATTEMPTS, first: FIRST_REST_SECONDS, longest: LONGEST_REST_SECONDS })
      .where('account_id = :accountId AND failures < :most', { accountId, most: MAX_FAILURES })
      .andWhere('(locked_until IS NULL OR locked_until <= now())')
      .execute();
    return affected === 1;
  }

  /** Whether attempts are refused now. */
  async isResting(accountId: string): Promise<boolean> {
    return this.repository
      .createQueryBuilder('attempt')
      .where('attempt.accountId = :accountId', { accountId })
      .andWhere('(attempt.failures >= :most OR attempt.lockedUntil > now())', { most: MAX_FAILURES })
      .getExists();
  }

  /** A right factor, or an administrator, begins the count anew. */
  async clear(accountId: string): Promise<void> {
    await this.repository.delete({ accountId });
  }

  private get repository(): Repository<FactorAttemptColumns> {
    return this.manager().getRepository(this.entity);
  }
}

const REST = `CASE WHEN failures + 1 >= :free
  THEN now() + make_interval(secs => least(:first * power(2, failures + 1 - :free), :longest)) END`;
