import { canonical, hmacSha256, sha256 } from './canonical.js';

/** A place in the chain: the number of a link, and its hash, which stands for all before it. */
export interface Position {
  sequence: number;
  hash: string;
}

export interface Link extends Position {
  mac: string;
}

/** Where the chain of a log begins. */
export const genesisOf = (log: string): Position => ({
  sequence: 0,
  hash: sha256(canonical({ log, genesis: true })),
});

/** The link after that position, for an entry of that digest: SHA-256 for everybody, HMAC-SHA-256 for who has the key. */
export function linkAfter(key: Uint8Array, previous: Position, entryDigest: string): Link {
  const text = linkText(previous, entryDigest);
  return {
    sequence: previous.sequence + 1,
    hash: sha256(text),
    mac: hmacSha256(key, `link\n${text}`),
  };
}

/** As `linkAfter`, for those who have no key. */
export const positionAfter = (previous: Position, entryDigest: string): Position => ({
  sequence: previous.sequence + 1,
  hash: sha256(linkText(previous, entryDigest)),
});

const linkText = ({ sequence, hash }: Position, entry: string): string =>
  canonical({ sequence: sequence + 1, previous: hash, entry });
