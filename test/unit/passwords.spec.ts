import { randomBytes } from 'node:crypto';
import { hashSync } from 'bcryptjs';
import { PasswordHasher } from '../../src/platform/auth/passwords/password-hasher.js';
import { PasswordPolicy } from '../../src/platform/auth/passwords/password-policy.js';
import { loadConfig } from '../../src/platform/config/config.js';

const config = loadConfig({ NODE_ENV: 'test', BCRYPT_COST: '4' });
const masterKey = randomBytes(32);

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher(config, masterKey);
  afterAll(() => hasher.onApplicationShutdown());

  const isSame = async (one: string, other: string) => hasher.verify(other, await hasher.hash(one));

  it('knows a password again, in either Unicode composition', async () => {
    await expect(isSame('correct horse', 'correct horse')).resolves.toBe(true);
    await expect(isSame('caf\u00e9', 'cafe\u0301')).resolves.toBe(true);
  });

  it.each([
    ['the last of 100 characters', 'x'.repeat(99) + 'a', 'x'.repeat(99) + 'b'],
    ['what follows a NUL', 'secret\0one', 'secret\0two'],
    ['a NUL itself', 'secret', 'secret\0'],
    [
      'the last of 128 characters of four bytes',
      '\u{1f512}'.repeat(127) + 'a',
      '\u{1f512}'.repeat(127) + 'b',
    ],
  ])('tells passwords apart by %s', async (_, one, other) => {
    await expect(isSame(one, other)).resolves.toBe(false);
  });

  it('salts: the same password twice makes two hashes, of the configured cost', async () => {
    const [one, other] = await Promise.all([hasher.hash('same'), hasher.hash('same')]);
    expect(one).not.toBe(other);
    expect(one).toMatch(/^\$2[ab]\$04\$/);
  });

  it('is keyed: a hash of the bare password, or of another installation, is not good', async () => {
    const elsewhere = new PasswordHasher(config, randomBytes(32));
    await expect(hasher.verify('secret', hashSync('secret', 4))).resolves.toBe(false);
    await expect(hasher.verify('secret', await elsewhere.hash('secret'))).resolves.toBe(false);
    await elsewhere.onApplicationShutdown();
  });

  it('calls a hash outdated when new ones cost more', async () => {
    const hash = await hasher.hash('secret');
    const costlier = new PasswordHasher({ ...config, bcryptCost: 5 }, masterKey);
    expect(hasher.isOutdated(hash)).toBe(false);
    expect(costlier.isOutdated(hash)).toBe(true);
    expect(hasher.isOutdated(await costlier.hash('secret'))).toBe(false);
    await costlier.onApplicationShutdown();
  });

  it('finds no password right where there is no hash, and takes its time over it', async () => {
    const slow = new PasswordHasher({ ...config, bcryptCost: 9 }, masterKey);
    const hash = await slow.hash('secret');
    const timeOf = async (against: string | null): Promise<number> => {
      const start = performance.now();
      expect(await slow.verify('wrong', against)).toBe(false);
      return performance.now() - start;
    };
    await timeOf(null);
    const [absent, present] = [await timeOf(null), await timeOf(hash)];
    expect(absent).toBeGreaterThan(present / 4);
    expect(present).toBeGreaterThan(absent / 4);
    await slow.onApplicationShutdown();
  });

  it('refuses work when too many wait, and recovers', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => hasher.verify('x', null)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(100 - 64 - 2);
    expect(refused.length).toBeLessThan(100);
    for (const { reason } of refused) expect(reason).toMatchObject({ kind: 'unavailable' });
    await expect(hasher.verify('x', null)).resolves.toBe(false);
  });
});

describe('PasswordPolicy', () => {
  const policy = new PasswordPolicy(config);
  const codeOf = (password: string, ownWords: string[] = []): string | undefined => {
    try {
      policy.assertAcceptable(password, '/password', ownWords);
      return undefined;
    } catch (error) {
      const [fault] = (error as { faults: { pointer: string; code: string }[] }).faults;
      expect(fault!.pointer).toBe('/password');
      return fault!.code;
    }
  };

  it('counts code points, 15 to 128', () => {
    expect(codeOf('x'.repeat(14))).toBe('too_short');
    expect(codeOf('x'.repeat(15))).toBeUndefined();
    expect(codeOf('\u{1f512}'.repeat(14))).toBe('too_short');
    expect(codeOf('\u{1f512}'.repeat(128))).toBeUndefined();
    expect(codeOf('\u{1f512}'.repeat(129))).toBe('too_long');
    expect(codeOf('e\u0301'.repeat(14))).toBe('too_short');
  });

  it('refuses the own words when they are all there is', () => {
    const own = ['ada.lovelace@acme.example'];
    expect(codeOf('Ada.Lovelace@ACME.example', own)).toBe('too_guessable');
    expect(codeOf('not ada.lovelace@acme.example', own)).toBeUndefined();
  });

  it('refuses half a surrogate pair, since it would equal any other', () => {
    expect(codeOf('x'.repeat(15) + '\ud800')).toBe('malformed');
  });
});
