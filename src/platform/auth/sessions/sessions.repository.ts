import { IsNull, MoreThan, Not, type EntityManager, type FindOptionsWhere, type Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { AccountColumns } from '../accounts/account.entity.js';
import type { SessionColumns } from './session.entity.js';

/** Whose refresh token was exchanged, and until when the session can go on. */
export interface Rotated {
  accountId: string;
  expiresAt: Date;
}

export type NewSession = Pick<
  SessionColumns,
  'accountId' | 'refreshHash' | 'expiresAt' | 'methods' | 'userAgent' | 'address'
>;

/** The sessions of one realm. A live session is one that was not ended, has not expired and was used of late. */
export class SessionsRepository {
  constructor(
    private readonly entity: new () => SessionColumns,
    private readonly account: new () => AccountColumns,
    private readonly manager: () => EntityManager,
    private readonly idleSeconds: number,
  ) {}

  async insert(values: NewSession): Promise<string> {
    const id = uuidv7();
    const now = new Date();
    await this.repository.insert({ ...values, id, usedHashes: [], lastUsedAt: now, provedAt: now });
    return id;
  }

  /** The session's account if the session is live and the account is this one; both in one query. */
  async findAccount(id: string, accountId: string): Promise<AccountColumns | null> {
    return this.manager()
      .createQueryBuilder(this.account, 'account')
      .innerJoin(this.entity, 'session', 'session.accountId = account.id')
      .where('session.id = :id AND account.id = :accountId', { id, accountId })
      .andWhere('session.endedAt IS NULL AND session.expiresAt > :now AND session.lastUsedAt > :usedAfter')
      .setParameters(this.liveness())
      .getOne();
  }

  /** Exchanges the secret of a live session, if `oldHash` is the newest; of several at once, one succeeds. */
  async rotate(id: string, oldHash: string, newHash: string): Promise<Rotated | undefined> {
    const { now, usedAfter } = this.liveness();
    const result = await this.repository
      .createQueryBuilder()
      .update()
      .set({
        refreshHash: newHash,
        usedHashes: () => 'array_append(used_hashes, refresh_hash)',
        lastUsedAt: now,
      })
      .where('id = :id AND refresh_hash = :oldHash AND ended_at IS NULL', { id, oldHash })
      .andWhere('expires_at > :now AND last_used_at > :usedAfter', { now, usedAfter })
      .returning(['accountId', 'expiresAt'])
      .execute();
    const [row] = result.raw as { account_id: string; expires_at: Date }[];
    return row && { accountId: row.account_id, expiresAt: row.expires_at };
  }

  /** Ends the session if this was a secret of its own once; whoever merely knows its id ends nothing. */
  async endIfUsed(id: string, hash: string): Promise<void> {
    await this.repository
      .createQueryBuilder()
      .update()
      .set({ endedAt: new Date() })
      .where('id = :id AND :hash = ANY(used_hashes) AND ended_at IS NULL', { id, hash })
      .execute();
  }

  /** The newest live sessions of the account, at most so many. */
  async findLive(accountId: string, count: number): Promise<SessionColumns[]> {
    const { now, usedAfter } = this.liveness();
    return this.repository.find({
      where: { accountId, endedAt: IsNull(), expiresAt: MoreThan(now), lastUsedAt: MoreThan(usedAfter) },
      order: { createdAt: 'DESC', id: 'DESC' },
      take: count,
    });
  }

  /** Ends the session; false when there is none that was not ended yet. */
  async end(which: FindOptionsWhere<SessionColumns>): Promise<boolean> {
    const { affected } = await this.repository.update(
      { ...which, endedAt: IsNull() },
      { endedAt: new Date() },
    );
    return affected !== 0;
  }

  /** Ends all sessions of the account but this one. */
  async endOthers(accountId: string, keptId: string): Promise<void> {
    await this.end({ accountId, id: Not(keptId) });
  }

  /** Forgets the account's sessions that are over: a refresh token of theirs is refused all the same. */
  async removeDead(accountId: string): Promise<void> {
    await this.repository
      .createQueryBuilder()
      .delete()
      .where('account_id = :accountId', { accountId })
      .andWhere('(ended_at IS NOT NULL OR expires_at <= :now OR last_used_at <= :usedAfter)', this.liveness())
      .execute();
  }

  private liveness(): { now: Date; usedAfter: Date } {
    const now = new Date();
    return { now, usedAfter: new Date(now.getTime() - this.idleSeconds * 1000) };
  }

  private get repository(): Repository<SessionColumns> {
    return this.manager().getRepository(this.entity);
  }
}
