const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const UUID_BYTES = 16;
/** Characters that a UUID takes in base 62. */
export const UUID_LENGTH = 22;

/** A number in base 62, with zeroes before it up to that length. */
export function encodeNumber(number: bigint, length: number): string {
  let text = '';
  for (let rest = number; text.length < length; rest /= 62n) text = ALPHABET[Number(rest % 62n)]! + text;
  return text;
}

/** Octets in base 62. */
export const encodeBytes = (bytes: Buffer, length: number): string =>
  encodeNumber(BigInt(`0x${bytes.toString('hex')}`), length);

/** A UUID in base 62: 22 characters. */
export const encodeUuid = (uuid: string): string =>
  encodeBytes(Buffer.from(uuid.replaceAll('-', ''), 'hex'), UUID_LENGTH);

/** Undefined for a number that is too large for a UUID. */
export function decodeUuid(text: string): string | undefined {
  const number = [...text].reduce((sum, letter) => sum * 62n + BigInt(ALPHABET.indexOf(letter)), 0n);
  const hex = number.toString(16).padStart(2 * UUID_BYTES, '0');
  if (hex.length > 2 * UUID_BYTES) return undefined;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
