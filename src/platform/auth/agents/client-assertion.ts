import { createPublicKey } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { validate as isUuid } from 'uuid';
import { UnauthenticatedError } from '../../../kernel/errors.js';
import { parseClientId, type ClientId } from '../../api-keys/agents/client-id.js';

/** EdDSA as RFC 8037 names it, and Ed25519 as RFC 9864 does; keys of other kinds cannot be registered. */
const ALGORITHMS = ['EdDSA', 'Ed25519'];
/** So far ahead an assertion may expire. */
const LONGEST_SECONDS = 300;
/** So far may the clocks of agent and server be apart. */
const SKEW_SECONDS = 30;
const JTI = /^[\x21-\x7e]{8,128}$/;
/** RFC 7515 leaves it open; a type that says otherwise is no assertion (draft-ietf-oauth-rfc7523bis). */
const TYPES: readonly unknown[] = [undefined, 'JWT', 'client-authentication+jwt'];

/** What an assertion says of itself, before anything of it is proved. */
export interface ClaimedAssertion extends ClientId {
  clientId: string;
  credentialId: string;
}

/** A proved assertion; until `keepUntil` nothing may be signed in by its `jti` again. */
export interface ProvedAssertion {
  jti: string;
  keepUntil: Date;
}

export const invalidClient = (detail = 'The assertion is not one of a known agent.'): UnauthenticatedError =>
  new UnauthenticatedError('invalid_client', detail);

/** Whose assertion it means to be, and by which credential (`kid`). Throws UnauthenticatedError. */
export function readAssertion(assertion: string): ClaimedAssertion {
  try {
    const { kid } = decodeProtectedHeader(assertion);
    const { iss: clientId = '' } = decodeJwt(assertion);
    const ids = parseClientId(clientId);
    if (ids && isUuid(kid)) return { ...ids, clientId, credentialId: String(kid) };
  } catch (error) {
    if (!(error instanceof errors.JOSEError || error instanceof TypeError)) throw error;
  }
  throw invalidClient();
}

/**
 * Proves an assertion by the public key (the `x` of its JWK): `iss` and `sub` are the client, `aud` is this issuer and
 * nobody else, it expires within five minutes and has a `jti` (RFC 7523, 3). Throws UnauthenticatedError, which names the
 * claim that is wrong to whoever holds the private key, and nothing to anybody else.
 */
export async function proveAssertion(
  assertion: string,
  { publicKey, clientId, issuer }: { publicKey: string; clientId: string; issuer: string },
): Promise<ProvedAssertion> {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  const { payload, protectedHeader } = await jwtVerify(assertion, key, {
    algorithms: ALGORITHMS,
    issuer: clientId,
    subject: clientId,
    audience: issuer,
    clockTolerance: SKEW_SECONDS,
    requiredClaims: ['exp', 'jti'],
  }).catch(meaningOf);
  const { aud, exp = 0, jti } = payload;
  if (!TYPES.includes(protectedHeader.typ))
    throw invalidClient('The header `typ` is not that of an assertion.');
  if ([aud].flat().length !== 1) throw invalidClient('The claim `aud` must name the issuer alone.');
  if (exp > Date.now() / 1000 + LONGEST_SECONDS)
    throw invalidClient(`The claim \`exp\` must be within ${LONGEST_SECONDS} seconds from now.`);
  if (typeof jti !== 'string' || !JTI.test(jti))
    throw invalidClient('The claim `jti` must have 8 to 128 visible characters.');
  return { jti, keepUntil: new Date((exp + 2 * SKEW_SECONDS) * 1000) };
}

function meaningOf(error: unknown): never {
  // The signature is looked at before the claims are.
  if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed)
    throw invalidClient(`The claim \`${error.claim}\` is missing, or is not as it must be.`);
  if (error instanceof errors.JOSEError || error instanceof TypeError) throw invalidClient();
  throw error;
}
