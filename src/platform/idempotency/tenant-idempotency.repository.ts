import { Injectable } from '@nestjs/common';
import { TenantContext } from '../tenancy/tenant-context.js';
import { TenantIdempotencyKey } from './idempotency-key.entity.js';
import {
  KEPT_SECONDS,
  KeyedAnswers,
  stillRunning,
  type Answer,
  type KeyedAnswer,
  type KeyedCall,
  type KeyedRequest,
} from './keyed-answers.js';

/** So many old answers a keyed request clears away: more than it adds, too few to be felt. */
const CLEARED_AT_ONCE = 20;

/** Keeps the answers to a tenant's callers beside its data. */
@Injectable()
export class TenantIdempotencyRepository {
  constructor(
    private readonly context: TenantContext,
    private readonly answers: KeyedAnswers,
  ) {}

  /**
   * Does the work and keeps its answer in one transaction: both are there, or neither. An error keeps nothing, so the
   * same request may be sent again. Throws ConflictError while a twin is under way, InvalidError for another request.
   */
  async once(call: KeyedCall, work: () => Promise<Answer>): Promise<KeyedAnswer> {
    const request = this.answers.identify(call);
    const { callerId, keyHash, fingerprint } = request;
    return this.context.transaction(async () => {
      if (!(await this.lock(request))) throw stillRunning();
      await this.clearOld();
      const found = await this.rows.findOneBy({ callerId, keyHash });
      if (found && found.createdAt > keptSince()) return this.answers.replay(request, found);
      if (found) await this.rows.remove(found);
      const answer = await work();
      const sealed = await this.answers.seal(request, answer);
      await this.rows.insert({ callerId, keyHash, fingerprint, answer: sealed });
      return { ...answer, isReplayed: false };
    });
  }

  /** A lock and not the row, which nobody could see before it is committed: a twin would have to wait for it. */
  private async lock({ callerId, keyHash, tenantId }: KeyedRequest): Promise<boolean> {
    const rows: { isFree: boolean }[] = await this.context.manager.query(
      'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS "isFree"',
      [`${tenantId}.${callerId}.${keyHash}`],
    );
    return rows[0]!.isFree;
  }

  /** Those that another request is clearing away are left to it. */
  private async clearOld(): Promise<void> {
    const old = await this.rows
      .createQueryBuilder('kept')
      .where('kept.createdAt < :keptSince', { keptSince: keptSince() })
      .orderBy('kept.createdAt')
      .limit(CLEARED_AT_ONCE)
      .setLock('pessimistic_write')
      .setOnLocked('skip_locked')
      .getMany();
    await this.rows.remove(old);
  }

  private get rows() {
    return this.context.manager.getRepository(TenantIdempotencyKey);
  }
}

const keptSince = (): Date => new Date(Date.now() - KEPT_SECONDS * 1000);
