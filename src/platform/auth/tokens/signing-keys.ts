import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { derivedKey, open, seal } from '../../protection/sealing.js';
import type { EllipticCurveJwk, SigningKey } from './signing-key.entity.js';
import type { SigningKeysRepository } from './signing-keys.repository.js';

export const SIGNING_ALGORITHM = 'ES256';

/** A public key as the JWKS publishes it. */
export interface PublicJwk extends EllipticCurveJwk {
  kid: string;
  alg: string;
  use: 'sig';
}

/** The keys of access tokens: the newest signs, all verify. Held decrypted in memory, encrypted in the registry. */
export class SigningKeys {
  private constructor(
    readonly newest: { kid: string; privateKey: KeyObject },
    private readonly publicKeys: ReadonlyMap<string, KeyObject>,
    readonly published: readonly PublicJwk[],
  ) {}

  /** Reads the keys, making the first when there is none. Throws when the master key is not the one they were made with. */
  static async load(
    repository: Pick<SigningKeysRepository, 'findAllOrFirst'>,
    masterKey: Buffer,
  ): Promise<SigningKeys> {
    const wrappingKey = derivedKey(masterKey, 'ringfence/signing-key-encryption');
    const rows = await repository.findAllOrFirst(() => generate(wrappingKey));
    const newest = rows[0]!;
    return new SigningKeys(
      { kid: newest.kid, privateKey: await unwrap(newest, wrappingKey) },
      new Map(rows.map((row) => [row.kid, createPublicKey({ key: { ...row.publicJwk }, format: 'jwk' })])),
      rows.map((row) => publish(row)),
    );
  }

  /** The key to verify with; undefined for a kid that is not ours. */
  publicKey(kid: string): KeyObject | undefined {
    return this.publicKeys.get(kid);
  }
}

async function generate(
  wrappingKey: Uint8Array,
): Promise<Pick<SigningKey, 'kid' | 'publicJwk' | 'privateJwe'>> {
  const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const publicJwk = (await exportJWK(publicKey)) as EllipticCurveJwk;
  const kid = await calculateJwkThumbprint(publicJwk);
  const privateJwe = await seal(wrappingKey, { kid }, JSON.stringify(await exportJWK(privateKey)));
  return { kid, publicJwk, privateJwe };
}

async function unwrap(row: SigningKey, wrappingKey: Uint8Array): Promise<KeyObject> {
  const { plaintext, header } = await open(wrappingKey, row.privateJwe).catch((cause: unknown) => {
    throw new Error('the signing keys cannot be decrypted: MASTER_KEY is not the one they were made with', {
      cause,
    });
  });
  if (header.kid !== row.kid) throw new Error('a signing key stands under the wrong kid');
  const jwk = JSON.parse(plaintext) as JsonWebKey;
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

function publish({ kid, publicJwk: { kty, crv, x, y } }: SigningKey): PublicJwk {
  return { kid, alg: SIGNING_ALGORITHM, use: 'sig', kty, crv, x, y };
}
