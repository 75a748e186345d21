import { createHmac, createPublicKey, timingSafeEqual, verify, type KeyObject } from 'node:crypto';

/** By the names that RFC 9421 registers. */
export const SIGNING_ALGORITHMS = ['ed25519', 'ecdsa-p256-sha256', 'hmac-sha256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];
export type PublicKeyAlgorithm = Exclude<SigningAlgorithm, 'hmac-sha256'>;

/** What a signature is checked with: a public key as SPKI in PEM, or the shared secret. */
export type VerificationKey =
  { algorithm: PublicKeyAlgorithm; publicKey: string } | { algorithm: 'hmac-sha256'; secret: Buffer };

/** Whether the key made this signature of these octets. The algorithm is the key's own, whatever the sender says. */
export function isSignedBy(key: VerificationKey, octets: Buffer, signature: Buffer): boolean {
  if (key.algorithm === 'hmac-sha256') {
    const expected = createHmac('sha256', key.secret).update(octets).digest();
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  }
  const publicKey = createPublicKey(key.publicKey);
  if (key.algorithm === 'ed25519') return verify(null, octets, publicKey, signature);
  // r and s side by side (RFC 9421, 3.3.4), not as DER.
  return verify('sha256', octets, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

/** The public key in the one spelling in which it is kept; undefined for what is none of this algorithm. */
export function normalisedPublicKey(algorithm: PublicKeyAlgorithm, pem: string): string | undefined {
  // Node would take a private key for its public part: nobody is to send us one unnoticed.
  if (!/^\s*-----BEGIN PUBLIC KEY-----/.test(pem)) return undefined;
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    return undefined;
  }
  const isFit =
    algorithm === 'ed25519'
      ? key.asymmetricKeyType === 'ed25519'
      : key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  return isFit ? key.export({ type: 'spki', format: 'pem' }).toString() : undefined;
}
