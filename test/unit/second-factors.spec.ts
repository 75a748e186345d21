import fc from 'fast-check';
import { HOTP, Secret } from 'otpauth';
import {
  hashOfRecoveryCode,
  newRecoveryCode,
} from '../../src/platform/auth/factors/recovery/recovery-code.js';
import { newSeed, stepOf, totpUri } from '../../src/platform/auth/factors/totp/totp.js';

/** RFC 6238, appendix B, the rows of SHA-1; of their eight digits the last six are what six digits are. */
const RFC_6238: readonly [seconds: number, code: string][] = [
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
];
/** RFC 4226, appendix D: the counters 0 to 9. */
const RFC_4226 = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ');
const SECRET = new Secret({ buffer: new TextEncoder().encode('12345678901234567890').buffer });

describe('a code of an authenticator app', () => {
  it.each(RFC_6238)('at %d seconds is the one of RFC 6238', (seconds, code) => {
    expect(stepOf(SECRET.base32, code.slice(2), seconds * 1000)).toBe(Math.floor(seconds / 30));
  });

  it('of a counter is the one of RFC 4226', () => {
    const hotp = new HOTP({ secret: SECRET });
    expect(RFC_4226.map((_, counter) => hotp.generate({ counter }))).toEqual(RFC_4226);
  });

  it.each([
    [-2, undefined],
    [-1, -1],
    [0, 0],
    [1, 1],
    [2, undefined],
  ])('is good at most one step from now: %d', (offset, expected) => {
    const step = 1_000_000;
    const code = new HOTP({ secret: SECRET }).generate({ counter: step + offset });
    const found = stepOf(SECRET.base32, code, (step * 30 + 15) * 1000);
    expect(found).toBe(expected === undefined ? undefined : step + expected);
  });

  it.each(['', '12345', '1234567', 'abcdef', '１２３４５６', '-12345', '28708 '])('is not %j', (text) => {
    expect(stepOf(SECRET.base32, text, 59_000)).toBeUndefined();
  });

  it('comes from a seed of 160 bits, told to apps with what they assume', () => {
    const seed = newSeed();
    expect(Secret.fromBase32(seed).bytes.length).toBe(20);
    const uri = new URL(totpUri(seed, 'ada@acme.example (acme)'));
    expect(uri.protocol + uri.host).toBe('otpauth:totp');
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: 'Ringfence',
      secret: seed,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
  });
});

describe('a recovery code', () => {
  it('has 125 bits in five readable groups, and never comes twice', () => {
    const codes = Array.from({ length: 1000 }, newRecoveryCode);
    expect(new Set(codes).size).toBe(1000);
    for (const code of codes) expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{5}-){4}[0-9a-hjkmnp-tv-z]{5}$/);
    const counts = new Map<string, number>();
    for (const letter of codes.join('').replaceAll('-', ''))
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(32);
    for (const count of counts.values()) expect(Math.abs(count - 25_000 / 32)).toBeLessThan(200);
  });

  it('is the same however a person types it', () => {
    const typed = fc.record({
      upper: fc.boolean(),
      gap: fc.constantFrom('', ' ', '-', ' - '),
      o: fc.boolean(),
    });
    fc.assert(
      fc.property(typed, ({ upper, gap, o }) => {
        const code = newRecoveryCode();
        let text = code.replaceAll('-', gap);
        if (o) text = text.replaceAll('0', 'O').replaceAll('1', 'l');
        if (upper) text = text.toUpperCase();
        expect(hashOfRecoveryCode(text)).toBe(hashOfRecoveryCode(code));
      }),
    );
  });

  it('is another when one character is another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 28 }), (place) => {
        const code = newRecoveryCode();
        if (code[place] === '-') return;
        const other = code.slice(0, place) + (code[place] === '2' ? '3' : '2') + code.slice(place + 1);
        expect(hashOfRecoveryCode(other)).not.toBe(hashOfRecoveryCode(code));
      }),
    );
  });
});
