import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import {
  API_KEY_PATTERN,
  formatApiKey,
  newApiKeySecret,
  parseApiKey,
} from '../../src/platform/api-keys/api-key-text.js';

const TENANT = '01920000-0000-7000-8000-000000000001';
const ID = 'ffffffff-ffff-7fff-bfff-ffffffffffff';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('an API key', () => {
  const { secret, secretHash } = newApiKeySecret();
  const key = formatApiKey('test', TENANT, ID, secret);

  it('comes apart again, whatever the ids are, and holds no secret then', () => {
    expect(secretHash).not.toContain(secret);
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.uuid(),
        fc.constantFrom('live' as const, 'test' as const),
        (tenantId, id, environment) => {
          const text = formatApiKey(environment, tenantId, id, secret);
          expect(parseApiKey(text)).toEqual({ environment, tenantId, id, secretHash });
        },
      ),
    );
  });

  it('has one spelling, by which scanners find it in the midst of other text', () => {
    expect(key).toMatch(/^rf_test_[0-9A-Za-z]{44}_[0-9A-Za-z]{49}$/);
    expect(API_KEY_PATTERN.exec(`curl -H "Authorization: Bearer ${key}" https://x`)?.[0]).toBe(key);
  });

  it('is none any more when any one character is another: the checksum tells', () => {
    fc.assert(
      fc.property(fc.nat(key.length - 1), fc.constantFrom(...ALPHABET, '_', '-'), (at, letter) => {
        fc.pre(key[at] !== letter);
        expect(parseApiKey(key.slice(0, at) + letter + key.slice(at + 1))).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['something before', ` ${key}`],
    ['something after', `${key}\n`],
    ['the end left off', key.slice(0, -1)],
    ['no text', ''],
    ['any text', 'rf_test_x_y'],
  ])('is refused with %s', (_, text) => {
    expect(parseApiKey(text)).toBeUndefined();
  });

  it('is never of an id that is larger than a UUID', () => {
    const body = key.slice(0, -6).replace(/(?<=rf_test_).{22}/, 'z'.repeat(22));
    let checksum = '';
    for (let rest = crc32(body); checksum.length < 6; rest = Math.floor(rest / 62))
      checksum = ALPHABET[rest % 62]! + checksum;
    expect(API_KEY_PATTERN.test(body + checksum)).toBe(true);
    expect(parseApiKey(body + checksum)).toBeUndefined();
  });

  it('is another each time', () => {
    const secrets = Array.from({ length: 100 }, () => newApiKeySecret().secret);
    expect(new Set(secrets).size).toBe(100);
    expect(secrets.every((text) => text.length === 43)).toBe(true);
  });
});
