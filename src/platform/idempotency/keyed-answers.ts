import { Injectable } from '@nestjs/common';
import { ConflictError, InvalidError } from '../../kernel/errors.js';
import { FieldSealer, type Place } from '../protection/field-sealer.js';
import type { IdempotencyKeyColumns } from './idempotency-key.entity.js';

/** How long an answer is kept. */
export const KEPT_SECONDS = 86_400;

/** A call with an Idempotency-Key. */
export interface KeyedCall {
  callerId: string;
  tenantId: string | null;
  key: string;
  /** What makes two calls the same: method, target and content. */
  content: string;
}

/** What of a call is stored to know its twin by. */
export type KeyedRequest = Pick<KeyedCall, 'callerId' | 'tenantId'> &
  Pick<IdempotencyKeyColumns, 'keyHash' | 'fingerprint'>;

/** What a handler answered; `body` is undefined when there is none. */
export interface Answer {
  body?: unknown;
  headers: Readonly<Record<string, string>>;
}

/** What was answered: to this very request, or to an earlier one that was the same. */
export interface KeyedAnswer extends Answer {
  isReplayed: boolean;
}

/** Turns keyed calls and their answers into what may lie in a database, and back. */
@Injectable()
export class KeyedAnswers {
  constructor(private readonly sealer: FieldSealer) {}

  /** Nothing of key and content can be guessed from it: a body may hold a password. */
  identify({ callerId, tenantId, key, content }: KeyedCall): KeyedRequest {
    const digest = (text: string) => this.sealer.digest(tenantId, text);
    return { callerId, tenantId, keyHash: digest(key), fingerprint: digest(content) };
  }

  seal(request: KeyedRequest, answer: Answer): Promise<string> {
    return this.sealer.seal(placeOf(request), JSON.stringify(answer));
  }

  /**
   * What was answered to the request whose row was found. Throws InvalidError when the key came with another request,
   * ConflictError when nothing is answered yet.
   */
  async replay(request: KeyedRequest, found: IdempotencyKeyColumns): Promise<KeyedAnswer> {
    if (found.fingerprint !== request.fingerprint)
      throw InvalidError.field(
        '/headers/idempotency-key',
        'key_reused',
        'The key was used with another request; take a new one.',
      );
    if (found.answer === null) throw stillRunning();
    const answer = await this.sealer.open(placeOf(request), found.answer);
    return { ...(JSON.parse(answer) as Answer), isReplayed: true };
  }
}

export const stillRunning = (): ConflictError =>
  new ConflictError('A request with this key is being worked on.', 'idempotency_key_in_use');

const placeOf = ({ tenantId, callerId, keyHash }: KeyedRequest): Place => ({
  tenantId,
  table: 'idempotency_key',
  column: 'answer',
  row: `${callerId}.${keyHash}`,
});
