import type { AuditEventColumns, AuditLinkColumns } from './audit-event.entity.js';
import { canonical, hmacSha256, sha256 } from './canonical.js';
import { coreOf, digestOf, isSame, macOf } from './entry.js';

/** What is wrong with a log, at the first place where something is. */
export const FAULTS = [
  'entry_missing',
  'entry_changed',
  'link_missing',
  'link_changed',
  'beginning_missing',
  'tail_missing',
  'log_replaced',
  'entry_forged',
] as const;
export type Fault = (typeof FAULTS)[number];

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

/**
 * Why that link, and the entry that it names, are not what the server put behind the position; undefined when they are.
 * Since the code of a link holds the hash of the one before, this proves that hash as well, and all that it stands for.
 */
export function faultIn(
  { log, key, previous }: { log: string; key: Uint8Array; previous: Position },
  link: AuditLinkColumns,
  event: AuditEventColumns | undefined,
): Fault | undefined {
  if (link.sequence !== previous.sequence + 1) return 'link_missing';
  if (!event) return 'entry_missing';
  const core = coreOf(log, event);
  if (!isSame(macOf(key, core), event.mac)) return 'entry_changed';
  const expected = linkAfter(key, previous, digestOf(core));
  return isSame(expected.hash, link.hash) && isSame(expected.mac, link.mac) ? undefined : 'link_changed';
}
