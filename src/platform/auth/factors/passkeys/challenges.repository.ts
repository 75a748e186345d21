import { IsNull, LessThanOrEqual, MoreThan, type EntityManager, type Repository } from 'typeorm';
import type { CeremonyPurpose, ChallengeColumns } from './challenge.entity.js';

/** How long a person may take to answer. */
const TTL_MS = 5 * 60_000;

/** The open challenges of one realm. */
export class ChallengesRepository {
  constructor(
    private readonly entity: new () => ChallengeColumns,
    private readonly manager: () => EntityManager,
  ) {}

  /** Keeps a challenge for five minutes, and forgets those that nobody answered in time. */
  async insert(challenge: string, purpose: CeremonyPurpose, accountId: string | null): Promise<void> {
    const now = Date.now();
    await this.repository.delete({ expiresAt: LessThanOrEqual(new Date(now)) });
    await this.repository.insert({ challenge, purpose, accountId, expiresAt: new Date(now + TTL_MS) });
  }

  /** Uses the challenge up, whatever comes of the answer; of several at once, one gets true. */
  async use(challenge: string, purpose: CeremonyPurpose, accountId: string | null): Promise<boolean> {
    const { affected } = await this.repository.delete({
      challenge,
      purpose,
      accountId: accountId ?? IsNull(),
      expiresAt: MoreThan(new Date()),
    });
    return affected === 1;
  }

  private get repository(): Repository<ChallengeColumns> {
    return this.manager().getRepository(this.entity);
  }
}
