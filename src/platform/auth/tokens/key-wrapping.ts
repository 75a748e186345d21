import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { derivedKey, open, seal } from '../../protection/sealing.js';
import type { EllipticCurveJwk, SigningKey } from './signing-key.entity.js';

export const SIGNING_ALGORITHM = 'ES256';

type Pair = Pick<SigningKey, 'kid' | 'publicJwk' | 'privateJwe'>;

/** Makes key pairs, and encrypts their private halves under the master key. */
export class KeyWrapping {
  private readonly wrappingKey: Uint8Array;

  constructor(masterKey: Buffer) {
    this.wrappingKey = derivedKey(masterKey, 'ringfence/signing-key-encryption');
  }

  async generate(): Promise<Pair> {
    const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
    const publicJwk = (await exportJWK(publicKey)) as EllipticCurveJwk;
    const kid = await calculateJwkThumbprint(publicJwk);
    const privateJwe = await seal(this.wrappingKey, { kid }, JSON.stringify(await exportJWK(privateKey)));
    return { kid, publicJwk, privateJwe };
  }

  /** The private half. Throws when the master key is not the one that it was encrypted with. */
  async unwrap({ kid, privateJwe }: Pair): Promise<KeyObject> {
    const { plaintext, header } = await open(this.wrappingKey, privateJwe).catch((cause: unknown) => {
      throw new Error('the signing keys cannot be decrypted: MASTER_KEY is not the one they were made with', {
        cause,
      });
    });
    if (header.kid !== kid) throw new Error('a signing key stands under the wrong kid');
    const jwk = JSON.parse(plaintext) as JsonWebKey;
    return createPrivateKey({ key: jwk, format: 'jwk' });
  }
}
