import { randomBytes } from 'node:crypto';
import { hashSync } from 'bcryptjs';
import fc from 'fast-check';
import { PasswordHasher } from '../../src/platform/auth/passwords/password-hasher.js';
import type { PasswordMinimum } from '../../src/platform/auth/passwords/password-minimum.js';
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

const atLeast = (length: number): PasswordMinimum => ({ of: () => Promise.resolve(length) });

describe('PasswordPolicy', () => {
  const policy = new PasswordPolicy(atLeast(15));
  const codeOf = async (
    password: string,
    ownWords: string[] = [],
    of: PasswordPolicy = policy,
  ): Promise<string | undefined> => {
    try {
      await of.assertAcceptable(password, { pointer: '/password', ownWords, tenantId: null });
      return undefined;
    } catch (error) {
      const [fault] = (error as { faults: { pointer: string; code: string }[] }).faults;
      expect(fault!.pointer).toBe('/password');
      return fault!.code;
    }
  };
  /** Of so many different characters. */
  const various = (count: number, first = 0x1f512): string =>
    String.fromCodePoint(...Array.from({ length: count }, (_, index) => first + 7 * index));

  it('counts code points after NFC, 15 to 128', async () => {
    expect(await codeOf(various(14))).toBe('too_short');
    expect(await codeOf(various(15))).toBeUndefined();
    expect(await codeOf(various(128))).toBeUndefined();
    expect(await codeOf(various(129))).toBe('too_long');
    expect(await codeOf(`${'e\u0301'.repeat(7)}correct`)).toBe('too_short');
  });

  it('asks the realm how few characters will do', async () => {
    const short = new PasswordPolicy(atLeast(8));
    expect(await codeOf('Kf82mxQp', [], short)).toBeUndefined();
    expect(await codeOf('Kf82mxQ', [], short)).toBe('too_short');
    for (const common of ['password1', 'Sunshine', 'football1'])
      expect([common, await codeOf(common, [], short)]).toEqual([common, 'too_common']);
  });

  it('asks nothing of the composition', async () => {
    expect(await codeOf('correct horse battery')).toBeUndefined();
    expect(await codeOf('81947265038461957')).toBeUndefined();
    expect(
      await codeOf(
        '\u30d1\u30b9\u30ef\u30fc\u30c9 \u7121\u3057\u306e\u4eba\u751f\u306f\u826f\u3044\u3067\u3059',
      ),
    ).toBeUndefined();
  });

  it.each([
    'manchesterunited',
    'ManchesterUnited',
    '\uff4d\uff41\uff4e\uff43\uff48\uff45\uff53\uff54\uff45\uff52\uff55\uff4e\uff49\uff54\uff45\uff44',
    'perasperaadastra',
    'passwordpassword',
    'sunshinesunshine',
  ])('refuses %s, which is known, in any case and width', async (password) => {
    expect(await codeOf(password)).toBe('too_common');
  });

  it.each([
    'xxxxxxxxxxxxxxxxx',
    'abcabcabcabcabcabc',
    'abcdefghijklmnopqrs',
    'qwertyuiopasdfghjklzxcv',
    '7ujm8ik,9ol.0p;/',
    '987654321987654321abc',
  ])('refuses %s, which is nothing but repetitions or runs', async (password) => {
    expect(['too_simple', 'too_common']).toContain(await codeOf(password));
  });

  it('judges the whole password: a known one may be part of it', async () => {
    expect(await codeOf('manchesterunited mug')).toBeUndefined();
    expect(await codeOf('my 123456 geese fly')).toBeUndefined();
  });

  it('refuses the own words when they are all there is', async () => {
    const own = ['ada.lovelace@acme.example', 'Ada King', 'acme'];
    for (const password of [
      'Ada.Lovelace@ACME.example',
      'ada-king-ada-king',
      'AcmeAcmeAcmeAcme',
      'ringfence acme ada',
    ])
      expect([password, await codeOf(password, own)]).toEqual([password, 'own_words']);
    expect(await codeOf('not ada.lovelace@acme.example', own)).toBeUndefined();
  });

  it('refuses half a surrogate pair, since it would equal any other', async () => {
    expect(await codeOf(`correct horse b\ud800`)).toBe('malformed');
  });

  it('never refuses what is random, whatever it is made of', async () => {
    const character = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789 -_');
    await fc.assert(
      fc.asyncProperty(fc.array(character, { minLength: 24, maxLength: 60 }), async (characters) => {
        fc.pre(new Set(characters).size > 8);
        expect(await codeOf(characters.join(''))).toBeUndefined();
      }),
    );
  });
});
