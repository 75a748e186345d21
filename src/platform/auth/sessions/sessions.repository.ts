import { IsNull, MoreThan, Not, type FindOptionsWhere, type Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { ClientFacts } from '../../http/request/client-facts.js';
import { ofAccount, ofSession, ofTenant, type Change } from '../../tenancy/changes/change.js';
import type { Realm } from '../accounts/realm.js';
import type { AccountColumns } from '../accounts/account.entity.js';
import type { SessionColumns } from './session.entity.js';

/** Whose refresh token was exchanged, and until when the session can go on. */
export interface Rotated {
  accountId: string;
  expiresAt: Date;
}

/** A session that can be used now, and whose it is. */
export interface LiveSession {
  account: AccountColumns;
  session: SessionColumns;
}

export type NewSession = Pick<
  SessionColumns,
  'accountId' | 'refreshHash' | 'expiresAt' | 'methods' | 'userAgent' | 'address'
> &
  Partial<Pick<SessionColumns, 'impersonation'>>;

/** The sessions of one realm. A live session is one that was not ended, has not expired and was used of late. */
export class SessionsRepository {
  constructor(
    private readonly entity: new () => SessionColumns,
    private readonly account: new () => AccountColumns,
    private readonly realm: Realm,
  ) {}

  async insert(values: NewSession): Promise<string> {
    const id = uuidv7();
    const now = new Date();
    // Whoever proved nothing has not done so just now.
    const provedAt = values.methods.length > 0 ? now : new Date(0);
    await this.repository.insert({ ...values, id, usedHashes: [], lastUsedAt: now, provedAt });
    return id;
  }

  /** The session with its account, if the session is live and the account is this one and active; both in one query. */
  async findLiveWithAccount(id: string, accountId: string): Promise<LiveSession | null> {
    const account = (await this.realm.manager
      .createQueryBuilder(this.account, 'account')
      .innerJoinAndMapOne('account.session', this.entity, 'session', 'session.accountId = account.id')
      .where('session.id = :id AND account.id = :accountId', { id, accountId })
      .andWhere('session.endedAt IS NULL AND session.expiresAt > :now AND session.lastUsedAt > :usedAfter')
      .setParameters(this.liveness())
      .getOne()) as (AccountColumns & { session: SessionColumns }) | null;
    return account?.status === 'active' ? { account, session: account.session } : null;
  }

  /** Exchanges the secret of a live session, if `oldHash` is the newest; of several at once, one succeeds. */
  async rotate(
    id: string,
    oldHash: string,
    newHash: string,
    client: ClientFacts,
  ): Promise<Rotated | undefined> {
    const { now, usedAfter } = this.liveness();
    const result = await this.repository
      .createQueryBuilder()
      .update()
      .set({
        ...client,
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
  async endIfUsed(id: string, hash: string): Promise<boolean> {
    const ended = await this.changing(this.subjectOf({ id }), async () => {
      const { affected } = await this.repository
        .createQueryBuilder()
        .update()
        .set({ endedAt: new Date() })
        .where('id = :id AND :hash = ANY(used_hashes) AND ended_at IS NULL', { id, hash })
        .execute();
      return affected ?? 0;
    });
    return ended > 0;
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

  /** Ends the session, or all of the account; false when there is none that was not ended yet. */
  async end(which: { id: string; accountId?: string } | { accountId: string }): Promise<boolean> {
    return (await this.endWhere(this.subjectOf(which), which)) > 0;
  }

  /** Ends all sessions of the account but this one. */
  async endOthers(accountId: string, keptId: string): Promise<void> {
    await this.endWhere(this.subjectOf({ accountId }), { accountId, id: Not(keptId) });
  }

  /** Ends all that operators do as users. */
  async endImpersonations(): Promise<void> {
    const { tenantId } = this.realm;
    if (tenantId !== null) await this.endWhere(ofTenant(tenantId), { impersonation: Not(IsNull()) });
  }

  /** Whether the session is live and this its newest secret; changes nothing. */
  async isNewest(id: string, hash: string): Promise<boolean> {
    const { now, usedAfter } = this.liveness();
    return this.repository.existsBy({
      id,
      refreshHash: hash,
      endedAt: IsNull(),
      expiresAt: MoreThan(now),
      lastUsedAt: MoreThan(usedAfter),
    });
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

  /** When a session that was last used then ends unless it is used again. */
  idleEndOf({ lastUsedAt }: Pick<SessionColumns, 'lastUsedAt'>): Date {
    return new Date(lastUsedAt.getTime() + this.realm.idleSeconds * 1000);
  }

  private endWhere(subject: Change, which: FindOptionsWhere<SessionColumns>): Promise<number> {
    return this.changing(subject, async () => {
      const ended = await this.repository.update({ ...which, endedAt: IsNull() }, { endedAt: new Date() });
      return ended.affected ?? 0;
    });
  }

  private subjectOf(which: { id?: string; accountId?: string }): Change {
    const { tenantId } = this.realm;
    return which.id === undefined ? ofAccount(tenantId, which.accountId!) : ofSession(tenantId, which.id);
  }

  /** Changes sessions that nodes may remember, and tells them of it, in one transaction. Returns how many. */
  private changing(subject: Change, work: () => Promise<number>): Promise<number> {
    return this.realm.transaction(async () => {
      const changed = await work();
      if (changed > 0) await this.realm.announce(subject);
      return changed;
    });
  }

  private liveness(): { now: Date; usedAfter: Date } {
    const now = new Date();
    return { now, usedAfter: new Date(now.getTime() - this.realm.idleSeconds * 1000) };
  }

  private get repository(): Repository<SessionColumns> {
    return this.realm.manager.getRepository(this.entity);
  }
}
