import { createPrivateKey, hkdfSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, compactDecrypt, CompactEncrypt, exportJWK, generateKeyPair } from 'jose';
import type { EllipticCurveJwk, SigningKey } from './signing-key.entity.js';

export const SIGNING_ALGORITHM = 'ES256';
const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const;
const ENCRYPTION_KEY_BYTES = 32;

type Pair = Pick<SigningKey, 'kid' | 'publicJwk' | 'privateJwe'>;

/** Makes key pairs, and encrypts their private halves under the master key. */
export class KeyWrapping {
  private readonly wrappingKey: Uint8Array;

  constructor(masterKey: Buffer) {
    this.wrappingKey = new Uint8Array(
      hkdfSync('sha256', masterKey, '', 'ringfence/signing-key-encryption', ENCRYPTION_KEY_BYTES),
    );
  }

  async generate(): Promise<Pair> {
    const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
    const publicJwk = (await exportJWK(publicKey)) as EllipticCurveJwk;
    const kid = await calculateJwkThumbprint(publicJwk);
    const privateJwe = await new CompactEncrypt(Buffer.from(JSON.stringify(await exportJWK(privateKey))))
      .setProtectedHeader({ ...ENCRYPTION, kid })
      .encrypt(this.wrappingKey);
    return { kid, publicJwk, privateJwe };
  }

  /** The private half. Throws when the master key is not the one that it was encrypted with. */
  async unwrap({ kid, privateJwe }: Pair): Promise<KeyObject> {
    const { plaintext, protectedHeader } = await compactDecrypt(privateJwe, this.wrappingKey, {
      keyManagementAlgorithms: [ENCRYPTION.alg],
      contentEncryptionAlgorithms: [ENCRYPTION.enc],
    }).catch((cause: unknown) => {
      throw new Error('the signing keys cannot be decrypted: MASTER_KEY is not the one they were made with', {
        cause,
      });
    });
    if (protectedHeader.kid !== kid) throw new Error('a signing key stands under the wrong kid');
    const jwk = JSON.parse(Buffer.from(plaintext).toString()) as JsonWebKey;
    return createPrivateKey({ key: jwk, format: 'jwk' });
  }
}
