import { derivedKey, open, seal } from './sealing.js';

/** What a wrapped key is for. It unwraps for that alone. */
export interface WrappingContext {
  owner: string;
  purpose: string;
  kid: string;
}

/** The one port to the master key: encrypts data keys (envelope encryption, NIST SP 800-57 1, 6.2.1), and never data. */
export interface KeyWrapper {
  wrap(context: WrappingContext, key: Uint8Array): Promise<string>;
  /** Throws when the key was wrapped for something else, by another master key, or was changed. */
  unwrap(context: WrappingContext, wrapped: string): Promise<Uint8Array>;
}

/** Wraps under a master key that this process holds, from `MASTER_KEY` or a file. */
export class LocalKeyWrapper implements KeyWrapper {
  private readonly wrappingKey: Uint8Array;

  constructor(masterKey: Buffer) {
    this.wrappingKey = derivedKey(masterKey, 'ringfence/data-key-wrapping');
  }

  wrap(context: WrappingContext, key: Uint8Array): Promise<string> {
    return seal(this.wrappingKey, { for: nameOf(context) }, Buffer.from(key).toString('base64url'));
  }

  async unwrap(context: WrappingContext, wrapped: string): Promise<Uint8Array> {
    const { plaintext, header } = await open(this.wrappingKey, wrapped).catch((cause: unknown) => {
      throw new Error('a data key cannot be unwrapped: MASTER_KEY is not the one that it was wrapped with', {
        cause,
      });
    });
    if (header['for'] !== nameOf(context)) throw new Error('a wrapped key stands in another place');
    return Buffer.from(plaintext, 'base64url');
  }
}

const nameOf = ({ owner, purpose, kid }: WrappingContext): string => `${owner}/${purpose}/${kid}`;
