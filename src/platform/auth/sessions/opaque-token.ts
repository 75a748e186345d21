import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const SHAPE = new RegExp(`^(rt|inv|mfa|pr|ec)_(0|${UUID})\\.(${UUID})\\.([\\w-]{43})$`);

/**
 * `rt` refreshes a session, `inv` accepts an invitation, `mfa` finishes a sign-in, `pr` resets a password, `ec` confirms an
 * e-mail address.
 */
export type OpaqueTokenKind = 'rt' | 'inv' | 'mfa' | 'pr' | 'ec';

/** A token that means something to this server alone: where to look (`0`: the registry), and a secret to prove. */
export interface OpaqueToken {
  tenantId: string | null;
  id: string;
  /** All of the secret that is ever stored. */
  secretHash: string;
}

/** A new secret, and what to store of it. 256 random bits need no salt and no slow hash. */
export function newSecret(): { secret: string; secretHash: string } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { secret, secretHash: hashOf(secret) };
}

export function formatOpaqueToken(
  kind: OpaqueTokenKind,
  tenantId: string | null,
  id: string,
  secret: string,
): string {
  return `${kind}_${tenantId ?? '0'}.${id}.${secret}`;
}

/** The parts of a token of this kind; undefined for any other text, and for any second spelling of the same token. */
export function parseOpaqueToken(kind: OpaqueTokenKind, text: string): OpaqueToken | undefined {
  const [, foundKind, tenant, id, secret] = SHAPE.exec(text) ?? [];
  if (foundKind !== kind || tenant === undefined || id === undefined || secret === undefined)
    return undefined;
  if (Buffer.from(secret, 'base64url').toString('base64url') !== secret) return undefined;
  return { tenantId: tenant === '0' ? null : tenant, id, secretHash: hashOf(secret) };
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
