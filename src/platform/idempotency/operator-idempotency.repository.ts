import { Injectable } from '@nestjs/common';
import { FieldSealer } from '../protection/field-sealer.js';
import { Registry } from '../tenancy/registry/registry.js';
import { OperatorIdempotencyKey } from './idempotency-key.entity.js';
import {
  assertSameRequest,
  KEPT_SECONDS,
  placeOf,
  stillRunning,
  type Answer,
  type KeyedAnswer,
  type KeyedRequest,
} from './keyed-request.js';

/** Longer than any request of an operator takes; after it, whoever worked on the request is taken for dead. */
const LEASE_SECONDS = 300;

/** Keeps the answers to operators in the registry. What they do is no single transaction, so a lease stands for it. */
@Injectable()
export class OperatorIdempotencyRepository {
  constructor(
    private readonly registry: Registry,
    private readonly sealer: FieldSealer,
  ) {}

  /**
   * Does the work once and keeps its answer; an error keeps nothing, so the same request may be sent again. Throws
   * ConflictError while a twin is under way, InvalidError for another request.
   */
  async once(request: KeyedRequest, work: () => Promise<Answer>): Promise<KeyedAnswer> {
    const { callerId, keyHash } = request;
    await this.clearOld();
    if (!(await this.lease(request))) {
      const found = await this.rows.findOneBy({ callerId, keyHash });
      if (!found) throw stillRunning();
      assertSameRequest(found, request);
      if (found.answer === null) throw stillRunning();
      const answer = await this.sealer.open(placeOf(request), found.answer);
      return { ...(JSON.parse(answer) as Answer), isReplayed: true };
    }
    try {
      const answered = await work();
      const answer = await this.sealer.seal(placeOf(request), JSON.stringify(answered));
      await this.rows.update({ callerId, keyHash }, { answer });
      return { ...answered, isReplayed: false };
    } catch (error) {
      await this.rows.delete({ callerId, keyHash });
      throw error;
    }
  }

  /** Whether the request is ours to do: nobody did it or does it, or who did has been silent for too long. */
  private async lease({ callerId, keyHash, fingerprint }: KeyedRequest): Promise<boolean> {
    const rows: unknown[] = await this.registry.query(
      `INSERT INTO platform.idempotency_key AS known (caller_id, key_hash, fingerprint) VALUES ($1, $2, $3)
       ON CONFLICT (caller_id, key_hash) DO UPDATE SET created_at = now()
        WHERE known.fingerprint = excluded.fingerprint AND known.answer IS NULL
          AND known.created_at < now() - make_interval(secs => $4)
       RETURNING caller_id`,
      [callerId, keyHash, fingerprint, LEASE_SECONDS],
    );
    return rows.length > 0;
  }

  private async clearOld(): Promise<void> {
    await this.registry.query(
      'DELETE FROM platform.idempotency_key WHERE created_at < now() - make_interval(secs => $1)',
      [KEPT_SECONDS],
    );
  }

  private get rows() {
    return this.registry.getRepository(OperatorIdempotencyKey);
  }
}
