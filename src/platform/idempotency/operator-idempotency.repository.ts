import { Injectable } from '@nestjs/common';
import { Registry } from '../tenancy/registry/registry.js';
import { OperatorIdempotencyKey } from './idempotency-key.entity.js';
import {
  KEPT_SECONDS,
  KeyedAnswers,
  stillRunning,
  type Answer,
  type KeyedAnswer,
  type KeyedCall,
  type KeyedRequest,
} from './keyed-answers.js';

/** Longer than any request of an operator takes; after it, whoever worked on the request is taken for dead. */
const LEASE_SECONDS = 300;

/** Keeps the answers to operators in the registry. What they do is no single transaction, so a lease stands for it. */
@Injectable()
export class OperatorIdempotencyRepository {
  constructor(
    private readonly registry: Registry,
    private readonly answers: KeyedAnswers,
  ) {}

  /**
   * Does the work once and keeps its answer; an error keeps nothing, so the same request may be sent again. Throws
   * ConflictError while a twin is under way, InvalidError for another request.
   */
  async once(call: KeyedCall, work: () => Promise<Answer>): Promise<KeyedAnswer> {
    const request = this.answers.identify(call);
    const { callerId, keyHash } = request;
    await this.clearOld();
    if (!(await this.lease(request))) {
      const found = await this.rows.findOneBy({ callerId, keyHash });
      if (!found) throw stillRunning();
      return await this.answers.replay(request, found);
    }
    try {
      const answer = await work();
      await this.rows.update({ callerId, keyHash }, { answer: await this.answers.seal(request, answer) });
      return { ...answer, isReplayed: false };
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
