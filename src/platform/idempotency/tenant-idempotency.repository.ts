import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { FieldSealer } from '../protection/field-sealer.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { TenantIdempotencyKey } from './idempotency-key.entity.js';
import {
  assertSameRequest,
  KEPT_SECONDS,
  placeOf,
  stillRunning,
  type Answer,
  type KeyedAnswer,
  type KeyedRequest,
} from './keyed-request.js';

/** So many old answers a keyed request clears away: more than it adds, too few to be felt. */
const CLEARED_AT_ONCE = 20;

/** Keeps the answers to a tenant's callers beside its data. */
@Injectable()
export class TenantIdempotencyRepository {
  constructor(
    private readonly context: TenantContext,
    private readonly sealer: FieldSealer,
  ) {}

  /**
   * Does the work and keeps its answer in one transaction: both are there, or neither. An error keeps nothing, so the
   * same request may be sent again. Throws ConflictError while a twin is under way, InvalidError for another request.
   */
  async once(request: KeyedRequest, work: () => Promise<Answer>): Promise<KeyedAnswer> {
    return this.context.transaction(async () => {
      if (!(await this.lock(request))) throw stillRunning();
      await this.clearOld();
      const { callerId, keyHash, fingerprint } = request;
      const found = await this.rows.findOneBy({ callerId, keyHash });
      if (found) {
        assertSameRequest(found, request);
        const answer = await this.sealer.open(placeOf(request), found.answer ?? '');
        return { ...(JSON.parse(answer) as Answer), isReplayed: true };
      }
      const answered = await work();
      const answer = await this.sealer.seal(placeOf(request), JSON.stringify(answered));
      await this.rows.insert({ callerId, keyHash, fingerprint, answer });
      return { ...answered, isReplayed: false };
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

  private async clearOld(): Promise<void> {
    const old = await this.rows.find({
      where: { createdAt: LessThan(new Date(Date.now() - KEPT_SECONDS * 1000)) },
      order: { createdAt: 'ASC' },
      take: CLEARED_AT_ONCE,
    });
    for (const { callerId, keyHash } of old) await this.rows.delete({ callerId, keyHash });
  }

  private get rows() {
    return this.context.manager.getRepository(TenantIdempotencyKey);
  }
}
