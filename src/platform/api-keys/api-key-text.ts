import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { decodeUuid, encodeBytes, encodeNumber, encodeUuid, UUID_LENGTH } from './uuid-text.js';

/** `live` in production, `test` elsewhere; a key of the one is never good in the other. */
export type KeyEnvironment = 'live' | 'test';

const SECRET_BYTES = 32;
/** Characters that so many bytes take in base 62. */
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;

/** For scanners of secrets: a text that matches and whose checksum fits is a key of ours, and nothing else is. */
export const API_KEY_PATTERN = new RegExp(
  `\\brf_(?:live|test)_[0-9A-Za-z]{${2 * UUID_LENGTH}}_[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}\\b`,
);
const PARTS = new RegExp(
  `^rf_(live|test)_([0-9A-Za-z]{${UUID_LENGTH}})([0-9A-Za-z]{${UUID_LENGTH}})_([0-9A-Za-z]{${SECRET_LENGTH}})([0-9A-Za-z]{${CHECKSUM_LENGTH}})$`,
);

/** What an API key says: where to look, and a secret to prove. */
export interface ApiKeyText {
  environment: KeyEnvironment;
  tenantId: string;
  id: string;
  /** All of the secret that is ever stored. */
  secretHash: string;
}

/** A new secret, and what to store of it. 256 random bits need no salt and no slow hash. */
export function newApiKeySecret(): { secret: string; secretHash: string } {
  const secret = encodeBytes(randomBytes(SECRET_BYTES), SECRET_LENGTH);
  return { secret, secretHash: hashOf(secret) };
}

/**
 * `rf_<environment>_<id>_<secret>`: the id is the tenant's and the key's in base 62, so that no tenant has to be searched
 * for; the secret ends with a checksum (CRC-32 of all before it, in base 62), by which scanners and we know a key from
 * what only looks like one, without asking anybody.
 */
export function formatApiKey(
  environment: KeyEnvironment,
  tenantId: string,
  id: string,
  secret: string,
): string {
  const body = `rf_${environment}_${encodeUuid(tenantId)}${encodeUuid(id)}_${secret}`;
  return body + checksumOf(body);
}

/** Whether the text means to be an API key, good or not. */
export const isLikeApiKey = (text: string): boolean => text.startsWith('rf_');

/** The parts of an API key; undefined for any other text, and for any second spelling of the same key. */
export function parseApiKey(text: string): ApiKeyText | undefined {
  const [, environment, tenant, key, secret, checksum] = PARTS.exec(text) ?? [];
  if (tenant === undefined || key === undefined || secret === undefined) return undefined;
  if (checksum !== checksumOf(text.slice(0, -CHECKSUM_LENGTH))) return undefined;
  const [tenantId, id] = [decodeUuid(tenant), decodeUuid(key)];
  if (tenantId === undefined || id === undefined) return undefined;
  return { environment: environment as KeyEnvironment, tenantId, id, secretHash: hashOf(secret) };
}

/** Whether two hashes are the same, in a time that tells nothing of where they differ. */
export function isSameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

const checksumOf = (text: string): string => encodeNumber(BigInt(crc32(text)), CHECKSUM_LENGTH);
