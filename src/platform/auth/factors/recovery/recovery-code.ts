import { createHash, randomBytes } from 'node:crypto';

export const RECOVERY_CODES = 10;
/** Crockford's base32: no letter that is read as a digit. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const CHARACTERS = 25;
const GROUP = /.{5}/g;

/**
 * A new code of 125 random bits, in groups of five characters. From 112 bits on ASVS 6.5.2 asks for no salt and no slow
 * hash.
 */
export function newRecoveryCode(): string {
  const code = Array.from(randomBytes(CHARACTERS), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return code.match(GROUP)!.join('-');
}

/** What is stored of a code. However a person types it (case, spaces, hyphens, O for 0, I or L for 1), it is the same. */
export function hashOfRecoveryCode(typed: string): string {
  const code = typed.toLowerCase().replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1');
  return createHash('sha256').update(code).digest('base64url');
}
