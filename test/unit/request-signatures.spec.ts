import { constants, createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { isInnerList, parseDictionary, type InnerList } from 'structured-headers';
import { ComponentError, signatureBase } from '../../src/platform/api-keys/signing/signature-base.js';
import {
  givenSignature,
  isSigned,
  SignatureFieldsError,
} from '../../src/platform/api-keys/signing/signature-fields.js';
import {
  isSignedBy,
  normalisedPublicKey,
  type VerificationKey,
} from '../../src/platform/api-keys/signing/signing-algorithms.js';
import { BodyDigest } from '../../src/platform/http/request/body-digest.js';
import { parseRequest, vector } from '../support/http-message.js';

const ID = '01920000-0000-7000-8000-000000000001';

function inputIn(field: string): InnerList {
  const [member] = parseDictionary(field).values();
  if (!member || !isInnerList(member)) throw new Error('no inner list');
  return member;
}

const signatureIn = (text: string): Buffer =>
  Buffer.from(/^Signature: [\w-]+=:([^:]+):/m.exec(text)![1]!, 'base64');

const KEYS: Readonly<Record<string, VerificationKey>> = {
  b24: { algorithm: 'ecdsa-p256-sha256', publicKey: vector('test-key-ecc-p256.pub') },
  b25: { algorithm: 'hmac-sha256', secret: Buffer.from(vector('test-shared-secret'), 'base64') },
  b26: { algorithm: 'ed25519', publicKey: vector('test-key-ed25519.pub') },
};

describe('the vectors of RFC 9421', () => {
  it.each(['b21', 'b22', 'b23', 'b25', 'b26'])('%s: the base is made octet by octet', (name) => {
    const message = parseRequest(vector(`${name}_request_signed.txt`));
    const base = signatureBase(message, inputIn(message.field('signature-input').join(', ')));
    expect(base.toString('latin1')).toBe(vector(`${name}_request_sigbase.txt`).trimEnd());
  });

  it.each([
    ['b24', 'response'],
    ['b25', 'request'],
    ['b26', 'request'],
  ])('%s: the signature is good, and that of no other octets', (name, kind) => {
    const octets = Buffer.from(vector(`${name}_${kind}_sigbase.txt`).trimEnd(), 'latin1');
    const signature = signatureIn(vector(`${name}_${kind}_signed.txt`));
    const key = KEYS[name]!;
    expect(isSignedBy(key, octets, signature)).toBe(true);
    for (const at of [0, octets.length >> 1, octets.length - 1]) {
      const other = Buffer.from(octets);
      other[at]! ^= 1;
      expect(isSignedBy(key, other, signature)).toBe(false);
    }
    for (const bad of [signature.subarray(1), Buffer.alloc(0), Buffer.alloc(signature.length)])
      expect(isSignedBy(key, octets, bad)).toBe(false);
  });

  it.each(['b21', 'b22', 'b23'])(
    '%s: the base that we make is the one that the RFC’s RSA key signed',
    (name) => {
      const text = vector(`${name}_request_signed.txt`);
      const message = parseRequest(text);
      const base = signatureBase(message, inputIn(message.field('signature-input').join(', ')));
      const key = createPublicKey(vector('test-key-rsa-pss.pub'));
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      expect(verify('sha512', base, { key, padding, saltLength: 64 }, signatureIn(text))).toBe(true);
    },
  );

  it('their digest is that of their body, and of no other', () => {
    for (const [name, isKept] of [
      ['b22_request_signed.txt', true],
      ['request_bad_digest.txt', false],
    ] as const) {
      const message = parseRequest(vector(name));
      const digest = BodyDigest.parse(message.field('content-digest')[0]!)!;
      digest.update(Buffer.from(message.body));
      expect(digest.isKept()).toBe(isKept);
    }
  });
});

describe('the base of a signature', () => {
  const message = parseRequest(vector('request_multivalue.txt'));
  const made = (input: string): string => signatureBase(message, inputIn(`sig=${input}`)).toString('latin1');

  it('joins the values of a field, and derives what is no field', () => {
    expect(
      made('("one" "@target-uri" "@query" "@request-target" "@scheme")').split('\n').slice(0, -1),
    ).toEqual([
      '"one": multivalue1, multivalue2',
      '"@target-uri": https://example.com/foo?param=Value&Pet=dog',
      '"@query": ?param=Value&Pet=dog',
      '"@request-target": /foo?param=Value&Pet=dog',
      '"@scheme": https',
    ]);
  });

  it.each([
    ['a component twice', '("one" "one")'],
    ['a field that is not there', '("three")'],
    ['what is not known', '("@status")'],
    ['parameters that are not taken', '("one";sf)'],
    ['capitals', '("One")'],
    ['a query parameter without a name', '("@query-param")'],
    ['a query parameter that is not there', '("@query-param";name="none")'],
    ['what is no string', '(one)'],
  ])('cannot be made with %s', (_, input) => {
    expect(() => made(input)).toThrow(ComponentError);
  });
});

describe('the fields of a signature', () => {
  const of = (fields: Record<string, string>) => ({
    method: 'GET',
    origin: 'https://example.com',
    target: '/',
    field: (name: string) => (fields[name] === undefined ? [] : [fields[name]]),
  });

  it('name one signature with a key of ours; those of others are not our concern', () => {
    const input = `proxy=("@method");keyid="proxy", sig1=("@method");created=1;keyid="${ID}";nonce="n"`;
    const message = of({ 'signature-input': input, signature: 'proxy=:AA==:, sig1=:AQ==:' });
    expect(isSigned(message)).toBe(true);
    expect(givenSignature(message)).toMatchObject({
      keyId: ID,
      created: 1,
      nonce: 'n',
      signature: Buffer.from([1]),
    });
  });

  it.each([
    ['no key', `sig1=("@method")`, 'sig1=:AQ==:'],
    ['two', `a=();keyid="${ID}", b=();keyid="${ID}"`, 'a=:AQ==:, b=:AQ==:'],
    ['no octets', `sig1=();keyid="${ID}"`, 'sig2=:AQ==:'],
    ['a text for octets', `sig1=();keyid="${ID}"`, 'sig1="AQ=="'],
    ['no list', `sig1;keyid="${ID}"`, 'sig1=:AQ==:'],
    ['a time that is none', `sig1=();keyid="${ID}";created="now"`, 'sig1=:AQ==:'],
    ['a fraction of a second', `sig1=();keyid="${ID}";created=1.5`, 'sig1=:AQ==:'],
    ['no dictionary', '(((', 'sig1=:AQ==:'],
  ])('are refused with %s', (_, input, signature) => {
    expect(() => givenSignature(of({ 'signature-input': input, signature }))).toThrow(SignatureFieldsError);
  });

  it('are read or refused, whatever they are', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (input, signature) => {
        try {
          givenSignature(of({ 'signature-input': `sig1=();keyid="${ID}"${input}`, signature }));
        } catch (error) {
          expect(error).toBeInstanceOf(SignatureFieldsError);
        }
      }),
    );
  });
});

describe('a public key', () => {
  const pem = (key: { export(options: object): string | Buffer }, type: string): string =>
    key.export({ type, format: 'pem' }).toString();
  const ed25519 = generateKeyPairSync('ed25519');
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });

  it('is taken of its own algorithm alone, and never with its private part', () => {
    expect(normalisedPublicKey('ed25519', pem(ed25519.publicKey, 'spki'))).toBe(
      pem(ed25519.publicKey, 'spki'),
    );
    expect(normalisedPublicKey('ecdsa-p256-sha256', pem(p256.publicKey, 'spki'))).toBeDefined();
    expect(normalisedPublicKey('ed25519', pem(p256.publicKey, 'spki'))).toBeUndefined();
    expect(normalisedPublicKey('ecdsa-p256-sha256', pem(p384.publicKey, 'spki'))).toBeUndefined();
    expect(normalisedPublicKey('ed25519', pem(ed25519.privateKey, 'pkcs8'))).toBeUndefined();
    expect(
      normalisedPublicKey('ed25519', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'),
    ).toBeUndefined();
  });

  it('is good for all messages of its private part', () => {
    const key = { algorithm: 'ecdsa-p256-sha256', publicKey: pem(p256.publicKey, 'spki') } as const;
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        const signature = sign('sha256', octets, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' });
        expect(isSignedBy(key, Buffer.from(octets), signature)).toBe(true);
        expect(isSignedBy(key, Buffer.from([...octets, 0]), signature)).toBe(false);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a Content-Digest', () => {
  const sha256 = createHash('sha256').update('body').digest('base64');
  const sha512 = createHash('sha512').update('body').digest('base64');

  it.each([
    [`sha-256=:${sha256}:`, true],
    [`sha-256=:${sha256}:, sha-512=:${sha512}:`, true],
    [`md5=:AAAA:, sha-256=:${sha256}:`, true],
    [`sha-256=:${sha256}:, sha-512=:AAAA:`, false],
    [`sha-256=:${sha512}:`, false],
  ])('%s', (field, isKept) => {
    const digest = BodyDigest.parse(field)!;
    digest.update(Buffer.from('bo'));
    digest.update(Buffer.from('dy'));
    expect(digest.isKept()).toBe(isKept);
  });

  it.each(['', 'md5=:AAAA:', 'sha-256="text"', 'sha-256', '((', 'toString=:AAAA:'])(
    '%s promises nothing',
    (field) => {
      expect(BodyDigest.parse(field)).toBeUndefined();
    },
  );
});

interface Case {
  name: string;
  raw: string[];
  must_fail?: boolean;
  can_fail?: boolean;
}

it.each(['dictionary', 'param-dict'])(
  'the library reads and refuses the published dictionaries of %s',
  (file) => {
    const path = join(__dirname, `../vectors/structured-fields/${file}.json`);
    const cases = JSON.parse(readFileSync(path, 'utf8')) as Case[];
    const isRead = (raw: string[]): boolean => {
      try {
        parseDictionary(raw.join(', '));
        return true;
      } catch {
        return false;
      }
    };
    const wrong = cases.filter(
      ({ raw, must_fail, can_fail }) => !can_fail && isRead(raw) === (must_fail ?? false),
    );
    expect(cases.length).toBeGreaterThan(10);
    expect(wrong.map(({ name }) => name)).toEqual([]);
  },
);
