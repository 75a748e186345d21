import { hkdfSync } from 'node:crypto';
import { compactDecrypt, CompactEncrypt, decodeProtectedHeader, type CompactJWEHeaderParameters } from 'jose';

const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const;
const KEY_BYTES = 32;

/** A key of its own for each purpose (RFC 5869), so that what is made for one is of no use for another. */
export const derivedKey = (masterKey: Buffer, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', masterKey, '', purpose, KEY_BYTES));

/** Encrypts with AES-256-GCM as a compact JWE (RFC 7516); the header stays readable, and cannot be changed. */
export const seal = (key: Uint8Array, header: Record<string, string>, plaintext: string): Promise<string> =>
  new CompactEncrypt(Buffer.from(plaintext)).setProtectedHeader({ ...header, ...ENCRYPTION }).encrypt(key);

/** What stands over the sealed value; nobody has verified it before `open` has. Throws when it is none. */
export const headerOf = (sealed: string): { kid?: string } => decodeProtectedHeader(sealed);

/** What was sealed. Throws when it was under another key, or was changed; the caller judges the header. */
export async function open(
  key: Uint8Array,
  sealed: string,
): Promise<{ plaintext: string; header: CompactJWEHeaderParameters }> {
  const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, {
    keyManagementAlgorithms: [ENCRYPTION.alg],
    contentEncryptionAlgorithms: [ENCRYPTION.enc],
  });
  return { plaintext: Buffer.from(plaintext).toString(), header: protectedHeader };
}
