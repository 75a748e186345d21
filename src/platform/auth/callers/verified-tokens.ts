import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Changes } from '../../tenancy/changes/changes.js';
import type { AccessClaims } from '../tokens/access-tokens.js';

const REMEMBERED_TOKENS = 20_000;

interface Verified {
  claims: AccessClaims;
  /** Seconds since the epoch. */
  exp: number;
}

/**
 * Remembers which tokens were verified, by their hash, until they expire: a signature stays good as long as its key.
 * What the token's session is worth now is not remembered here. Another spelling of a token is another token.
 */
@Injectable()
export class VerifiedTokens {
  private readonly verified = new LRUCache<string, Verified>({ max: REMEMBERED_TOKENS });

  constructor(changes: Changes) {
    changes.onChange(({ subject }) => {
      if (subject === 'signing_keys' || subject === 'everything') this.verified.clear();
    });
  }

  /** The claims of a token that was verified before and has not expired. */
  find(token: string): AccessClaims | undefined {
    const key = hashOf(token);
    const known = this.verified.get(key);
    if (known && known.exp > Date.now() / 1000) return known.claims;
    this.verified.delete(key);
    return undefined;
  }

  remember(token: string, claims: AccessClaims & { exp: number }): void {
    this.verified.set(hashOf(token), { claims, exp: claims.exp });
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');
