import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { UnauthenticatedError } from '../../kernel/errors.js';
import type { ApiKey } from './api-key.entity.js';
import { isSameHash, type ApiKeyText } from './api-key-text.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { SignedRequests } from './signing/signed-requests.js';

/** Use is noted at most this often, by all nodes together. */
const NOTED_EVERY_MS = 60_000;

/** Holds what a request proves against what the tenant bound to the call has of the key now. */
@Injectable()
export class ApiKeyProofs {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly signatures: SignedRequests,
  ) {}

  /** The key that is good now, and whose secret and signature are right. Throws UnauthenticatedError. */
  async prove({ id, secretHash }: ApiKeyText, request: Request): Promise<ApiKey> {
    const key = await this.keys.findGood(id);
    const now = new Date();
    if (!key || !fits(key, secretHash, now)) throw new UnauthenticatedError();
    await this.signatures.verify(request, key);
    const unlessSince = new Date(now.getTime() - NOTED_EVERY_MS);
    if (key.lastUsedAt === null || key.lastUsedAt <= unlessSince)
      await this.keys.noteUse(id, now, request.ip ?? null, unlessSince);
    return key;
  }
}

function fits({ secretHash, previousHash, previousUntil }: ApiKey, given: string, now: Date): boolean {
  if (isSameHash(secretHash, given)) return true;
  const isOverlapping = previousUntil !== null && previousUntil > now;
  return isOverlapping && previousHash !== null && isSameHash(previousHash, given);
}
