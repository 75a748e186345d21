import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { compactVerify, importJWK, type JWK } from 'jose';
import type { Position } from './chain.js';

export const CHECKPOINT_ALGORITHM = 'ES256';
/** Further back than that nobody looks for a line with a good signature. */
const KEPT_CLAIMS = 500;

export const CHECKPOINT_TYPE = 'audit-checkpoint+jwt';

/** What is said of the place: the log had come so far; it was pruned, and begins there; or it was taken for whole as it was. */
export type CheckpointKind = 'head' | 'base' | 'accepted';

/** What was known of a log at a time. */
export interface Checkpoint extends Position {
  log: string;
  kind: CheckpointKind;
  /** RFC 3339 */
  at: string;
}

/** A public key as it is handed out (RFC 7517). */
export interface PublicJwk {
  kty: string;
  crv: string;
  x: string;
  y: string;
  kid: string;
  alg: string;
  use: 'sig';
}

/** What the statement says, if one of the keys has signed it. Throws for any other. */
export async function verifyCheckpoint(statement: string, keys: readonly JWK[]): Promise<Checkpoint> {
  const { payload, protectedHeader } = await compactVerify(
    statement,
    async ({ kid }) => {
      const key = keys.find((known) => known.kid === kid);
      if (!key) throw new Error(`the checkpoint is signed with another key, ${kid}`);
      return importJWK(key, CHECKPOINT_ALGORITHM);
    },
    { algorithms: [CHECKPOINT_ALGORITHM] },
  );
  if (protectedHeader.typ !== CHECKPOINT_TYPE) throw new Error('the signed statement is no checkpoint');
  return JSON.parse(Buffer.from(payload).toString()) as Checkpoint;
}

/**
 * How far the log is known to have come by a file of exported statements: the furthest since it was last taken for whole.
 * Lines that are none of ours are passed over.
 */
export async function newestIn(
  path: string,
  log: string,
  keys: readonly JWK[],
): Promise<Checkpoint | undefined> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  const verified = (statement: string) => verifyCheckpoint(statement, keys).catch(() => undefined);
  let accepted: Checkpoint | undefined;
  // Each line of a log is further than the one before and signatures are dear, so they are verified from the end.
  let claims: { statement: string; sequence: number }[] = [];
  for await (const line of lines) {
    const statement = statementIn(line);
    const claimed = statement === undefined ? undefined : claimOf(statement);
    if (statement === undefined || claimed?.log !== log) continue;
    const isAccepted = claimed.kind === 'accepted' ? await verified(statement) : undefined;
    if (isAccepted) [accepted, claims] = [isAccepted, []];
    else if (claimed.sequence > (claims.at(-1)?.sequence ?? accepted?.sequence ?? 0))
      claims.push({ statement, sequence: claimed.sequence });
    if (claims.length > 2 * KEPT_CLAIMS) claims = claims.slice(-KEPT_CLAIMS);
  }
  for (const { statement } of claims.reverse()) {
    const newest = await verified(statement);
    if (newest) return newest;
  }
  return accepted;
}

function statementIn(line: string): string | undefined {
  try {
    const { checkpoint } = JSON.parse(line) as { checkpoint?: unknown };
    return typeof checkpoint === 'string' ? checkpoint : undefined;
  } catch {
    return undefined;
  }
}

function claimOf(statement: string): Checkpoint | undefined {
  try {
    return JSON.parse(Buffer.from(statement.split('.')[1] ?? '', 'base64url').toString()) as Checkpoint;
  } catch {
    return undefined;
  }
}
