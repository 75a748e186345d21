import { createHash, timingSafeEqual, type Hash } from 'node:crypto';
import { parseDictionary } from 'structured-headers';

/** Those of RFC 9530 that hold against somebody who wants a collision. */
const HASHES: Readonly<Record<string, string>> = { 'sha-256': 'sha256', 'sha-512': 'sha512' };

/** The digests that a `Content-Digest` promises (RFC 9530, 2), to be held against the octets of the body as they came. */
export class BodyDigest {
  private readonly promises: { hash: Hash; digest: Buffer }[];

  private constructor(promises: readonly [algorithm: string, digest: Buffer][]) {
    this.promises = promises.map(([algorithm, digest]) => ({ hash: createHash(HASHES[algorithm]!), digest }));
  }

  /** Undefined when the field cannot be read, or promises nothing that is worth something. */
  static parse(field: string): BodyDigest | undefined {
    try {
      const known = [...parseDictionary(field)].flatMap(([algorithm, [digest]]): [string, Buffer][] =>
        Object.hasOwn(HASHES, algorithm) && digest instanceof ArrayBuffer
          ? [[algorithm, Buffer.from(digest)]]
          : [],
      );
      return known.length > 0 ? new BodyDigest(known) : undefined;
    } catch {
      return undefined;
    }
  }

  update(octets: Uint8Array): void {
    for (const { hash } of this.promises) hash.update(octets);
  }

  /** Whether all that was promised is so. To be asked once, at the end of the body. */
  isKept(): boolean {
    return this.promises
      .map(({ hash, digest }) => {
        const actual = hash.digest();
        return actual.length === digest.length && timingSafeEqual(actual, digest);
      })
      .every(Boolean);
  }
}
