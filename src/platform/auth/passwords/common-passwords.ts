import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fold } from './password-words.js';

const DIGEST_BYTES = 8;

/**
 * Passwords that are common or were breached (ASVS 6.2.4, 6.2.12), without asking anybody: some 90,000, of which about 9,700
 * have 15 characters or more. `bin/common-passwords.js` makes the file; NOTICE says from what.
 */
const DIGESTS = readFileSync(join(__dirname, 'common-passwords.bin'));

/** Whether the whole password, in whatever case and width, is on the list. */
export function isCommon(password: string): boolean {
  const digest = createHash('sha256').update(fold(password)).digest().subarray(0, DIGEST_BYTES);
  let [low, high] = [0, DIGESTS.length / DIGEST_BYTES];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = DIGESTS.compare(
      digest,
      0,
      DIGEST_BYTES,
      middle * DIGEST_BYTES,
      (middle + 1) * DIGEST_BYTES,
    );
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}
