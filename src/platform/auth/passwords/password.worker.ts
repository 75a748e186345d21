import { compareSync, hashSync } from 'bcryptjs';

/** Runs in a worker thread: bcrypt would keep every other request waiting. */
export function hash({ digest, cost }: { digest: string; cost: number }): string {
  return hashSync(digest, cost);
}

export function verify({ digest, hash }: { digest: string; hash: string }): boolean {
  return compareSync(digest, hash);
}
