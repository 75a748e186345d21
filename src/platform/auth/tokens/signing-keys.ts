import { createPublicKey, type KeyObject } from 'node:crypto';
import { KeyWrapping, SIGNING_ALGORITHM } from './key-wrapping.js';
import { scheduleOf } from './key-schedule.js';
import type { EllipticCurveJwk, SigningKey } from './signing-key.entity.js';
import type { SigningKeysRepository } from './signing-keys.repository.js';

/** A public key as the JWKS publishes it. */
export interface PublicJwk extends EllipticCurveJwk {
  kid: string;
  alg: string;
  use: 'sig';
}

interface Signer {
  kid: string;
  privateKey: KeyObject;
  signsFrom: Date;
}

/**
 * The keys of access tokens as this node holds them: the current one signs; the next, the current and the previous
 * ones verify. Which key is current follows from the time alone, so that all nodes change over without a word.
 */
export class SigningKeys {
  private signers: readonly Signer[] = [];
  private publicKeys: ReadonlyMap<string, KeyObject> = new Map();
  private jwks: readonly PublicJwk[] = [];

  private constructor(
    private readonly repository: Pick<SigningKeysRepository, 'findAll'>,
    private readonly wrapping: KeyWrapping,
  ) {}

  /** Reads the keys. Throws when the master key is not the one they were made with. */
  static async load(
    repository: Pick<SigningKeysRepository, 'findAll'>,
    masterKey: Buffer,
  ): Promise<SigningKeys> {
    const keys = new SigningKeys(repository, new KeyWrapping(masterKey));
    await keys.reload();
    return keys;
  }

  /** Reads the keys anew; those held stay when that fails. */
  async reload(): Promise<void> {
    const schedule = scheduleOf(await this.repository.findAll(), new Date());
    const live = schedule.filter(({ state }) => state !== 'retired');
    const signing = live.filter(({ state }) => state === 'next' || state === 'current');
    const signers = await Promise.all(
      signing.map(async ({ key }) => ({
        kid: key.kid,
        signsFrom: key.signsFrom,
        privateKey: await this.wrapping.unwrap(key),
      })),
    );
    this.signers = signers;
    this.publicKeys = new Map(
      live.map(({ key }) => [key.kid, createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' })]),
    );
    this.jwks = [...live.filter(({ state }) => state === 'current'), ...live]
      .map(({ key }) => publish(key))
      .filter(({ kid }, index, all) => all.findIndex((one) => one.kid === kid) === index);
  }

  /** The key that signs now. */
  get current(): { kid: string; privateKey: KeyObject } {
    const now = new Date();
    // Newest first: the next one, then the current one.
    const signer = this.signers.find(({ signsFrom }) => signsFrom <= now) ?? this.signers.at(-1);
    if (!signer) throw new Error('there is no key that signs');
    return signer;
  }

  /** The key to verify with; undefined for a kid that is not ours. */
  publicKey(kid: string): KeyObject | undefined {
    return this.publicKeys.get(kid);
  }

  /** The current one first, then the others, newest first. */
  get published(): readonly PublicJwk[] {
    return this.jwks;
  }
}

function publish({ kid, publicJwk: { kty, crv, x, y } }: SigningKey): PublicJwk {
  return { kid, alg: SIGNING_ALGORITHM, use: 'sig', kty, crv, x, y };
}
