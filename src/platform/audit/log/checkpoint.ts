import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { compactVerify, importJWK, type JWK } from 'jose';
import type { Position } from './chain.js';

export const CHECKPOINT_ALGORITHM = 'ES256';
export const CHECKPOINT_TYPE = 'audit-checkpoint+jwt';

/** How far a log had come at a time. */
export interface Checkpoint extends Position {
  log: string;
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

/** The furthest statement on the log in a file of exported ones; lines that are none of ours are passed over. */
export async function newestIn(
  path: string,
  log: string,
  keys: readonly JWK[],
): Promise<Checkpoint | undefined> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  let newest: Checkpoint | undefined;
  for await (const line of lines) {
    const statement = statementIn(line);
    // Signatures are dear, and most lines are of other logs or older.
    const claimed = statement === undefined ? undefined : claimOf(statement);
    if (statement === undefined || claimed?.log !== log || claimed.sequence <= (newest?.sequence ?? 0))
      continue;
    newest = await verifyCheckpoint(statement, keys).catch(() => newest);
  }
  return newest;
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
