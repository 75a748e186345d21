import { readFileSync } from 'node:fs';
import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, type JsonWebKey } from 'node:crypto';
import { CompactEncrypt, CompactSign, exportJWK, FlattenedSign } from 'jose';
import {
  addAda,
  decode,
  encode,
  me,
  openForge,
  refusalOf,
  signIn,
  type Credentials,
} from '../support/auth.js';
import { send } from '../support/client.js';
import { world } from '../support/world.js';

interface Wycheproof {
  testGroups: { tests: { tcId: number; jws: string | object }[] }[];
}

let ada: Credentials;
let forge: (claims: object, header?: object) => Promise<string>;
let token: string;
beforeAll(async () => {
  ada = await addAda(await world.tenant());
  forge = await openForge();
  ({ accessToken: token } = await signIn(ada));
});

/** Sends each as a bearer token: all are refused, by one and the same answer. */
async function expectRefused(attacks: Record<string, string>): Promise<void> {
  const refusals = new Map<string, string>();
  for (const [attack, text] of Object.entries(attacks)) {
    const answer = await me(text);
    expect({ attack, status: answer.status }).toEqual({ attack, status: 401 });
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    refusals.set(JSON.stringify(refusalOf(answer)), attack);
  }
  expect([...refusals.values()]).toHaveLength(1);
}

/** A token that somebody signed with a key of their own, and says so in the header. */
async function ownToken(header: (jwk: JsonWebKey) => object): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = (await exportJWK(publicKey)) as JsonWebKey;
  return new CompactSign(Buffer.from(token.split('.')[1]!, 'base64url'))
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...header(jwk) })
    .sign(privateKey);
}

describe('a token', () => {
  it('is refused when it brings its own key, or names a place to fetch one', async () => {
    const { kid } = decode(token.split('.')[0]) as { kid: string };
    const url = 'http://127.0.0.1:9/jwks.json';
    await expectRefused({
      'embedded jwk': await ownToken((jwk) => ({ kid, jwk })),
      'embedded jwk without kid': await ownToken((jwk) => ({ jwk })),
      jku: await ownToken(() => ({ kid, jku: url })),
      x5u: await ownToken(() => ({ kid, x5u: url })),
      x5c: await ownToken(() => ({ kid, x5c: [randomBytes(64).toString('base64')] })),
      'own key under our kid': await ownToken(() => ({ kid })),
      'our key with a jwk beside it': await forge(decode(token.split('.')[1]), { jwk: { kty: 'EC' } }),
      'our key with an x5u beside it': await forge(decode(token.split('.')[1]), { x5u: url }),
    });
  });

  it('is refused when its kid is hostile', async () => {
    const kids: Record<string, unknown> = {
      SQL: "' OR 1=1 --",
      'SQL that unites': "x' UNION SELECT 'AAAA",
      path: '../../../../dev/null',
      'absolute path': '/etc/passwd',
      URL: 'http://127.0.0.1:9/key',
      prototype: '__proto__',
      constructor: 'constructor',
      'NUL byte': '\0',
      huge: 'k'.repeat(8000),
      empty: '',
      number: 1,
      list: ['a'],
      object: { $ne: null },
      null: null,
    };
    const attacks: Record<string, string> = {};
    for (const [name, kid] of Object.entries(kids))
      attacks[name] = await ownToken(() => ({ kid: kid as string }));
    await expectRefused(attacks);
  });

  it('is refused with any algorithm but ours, whatever key it takes', async () => {
    const [header, claims, signature] = token.split('.') as [string, string, string];
    const { body } = await send('GET', '/.well-known/jwks.json');
    const [jwk] = (body as { keys: JsonWebKey[] }).keys;
    const key = createPublicKey({ key: jwk!, format: 'jwk' });
    const attacks: Record<string, string> = {};
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'ES384', 'RS256', 'PS256', 'EdDSA'])
      attacks[`alg ${alg}`] = `${encode({ ...decode(header), alg })}.${claims}.${signature}`;
    const secrets: Record<string, Buffer> = {
      PEM: Buffer.from(key.export({ type: 'spki', format: 'pem' }) as string),
      'trimmed PEM': Buffer.from((key.export({ type: 'spki', format: 'pem' }) as string).trim()),
      DER: key.export({ type: 'spki', format: 'der' }),
      JWK: Buffer.from(JSON.stringify(jwk)),
      nothing: Buffer.alloc(0),
    };
    for (const [name, secret] of Object.entries(secrets)) {
      const signed = `${encode({ ...decode(header), alg: 'HS256' })}.${claims}`;
      attacks[`HS256 with ${name}`] =
        `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    }
    await expectRefused({
      ...attacks,
      'zero signature': `${header}.${claims}.${Buffer.alloc(64).toString('base64url')}`,
      'no signature': `${header}.${claims}.`,
      'nothing but a header': header,
    });
  });

  it('is refused when its header says more than ours, or the same otherwise', async () => {
    const [header, claims, signature] = token.split('.') as [string, string, string];
    const { kid } = decode(header) as { kid: string };
    const body = decode(claims);
    const raw = (text: string): string => `${Buffer.from(text).toString('base64url')}.${claims}.${signature}`;
    const unencoded = await new FlattenedSign(Buffer.from('{}'))
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, b64: false, crit: ['b64'] })
      .sign(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    await expectRefused({
      crit: raw(JSON.stringify({ ...decode(header), crit: ['exp'] })),
      'b64 false': `${unencoded.protected}.${claims}.${signature}`,
      zip: await forge(body, { zip: 'DEF' }),
      'alg twice': raw(`{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"${kid}"}`),
      'kid twice': raw(`{"alg":"ES256","typ":"at+jwt","kid":"x","kid":"${kid}"}`),
      whitespace: raw(`{ "alg":"ES256","typ":"at+jwt","kid":"${kid}"}`),
      'other order': await forge(body, { kid: undefined, typ: undefined, alg: 'ES256' }),
      'typ in upper case': await forge(body, { typ: 'AT+JWT' }),
      'typ with a prefix': await forge(body, { typ: 'application/at+jwt' }),
      'typ of a refresh token': await forge(body, { typ: 'rt+jwt' }),
      'typ of a step between': await forge(body, { typ: 'mfa+jwt' }),
      'no typ': await forge(body, { typ: undefined }),
    });
  });

  it('is refused when its claims are not those of an access token of this moment and place', async () => {
    const claims = decode(token.split('.')[1]);
    const now = Math.floor(Date.now() / 1000);
    const elsewhere = await signIn(await addAda(await world.tenant()));
    const other = decode(elsewhere.accessToken.split('.')[1]);
    await expectRefused({
      expired: await forge({ ...claims, exp: now - 1 }),
      'expired long ago': await forge({ ...claims, nbf: 0, exp: 1 }),
      'without an end': await forge({ ...claims, exp: undefined }),
      'with an end in words': await forge({ ...claims, exp: 'never' }),
      'from the future': await forge({ ...claims, nbf: now + 60, exp: now + 600 }),
      'issued by another': await forge({ ...claims, iss: 'https://issuer.example' }),
      'issued by nobody': await forge({ ...claims, iss: undefined }),
      'for another audience': await forge({ ...claims, aud: 'another-api' }),
      'of another tenant': await forge({ ...claims, tid: other.tid }),
      'of an operator': await forge({ ...claims, tid: undefined }),
      'of another account': await forge({ ...claims, sub: other.sub }),
      'of another session': await forge({ ...claims, sid: other.sid }),
      'of an unknown session': await forge({ ...claims, sid: claims.sub }),
      'with an actor that the session does not have': await forge({ ...claims, act: { sub: claims.sub } }),
      'with a hostile tenant': await forge({ ...claims, tid: ['a'] }),
      'with a hostile session': await forge({ ...claims, sid: "' OR 1=1 --" }),
    });
  });

  it('is refused when it is another thing than one signed token', async () => {
    const { refreshToken } = await signIn(ada);
    const jwe = await new CompactEncrypt(Buffer.from(token))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt' })
      .encrypt(randomBytes(32));
    const nested = await new CompactSign(Buffer.from(token))
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', cty: 'JWT' })
      .sign(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    const [header, claims, signature] = token.split('.') as [string, string, string];
    await expectRefused({
      'a refresh token': refreshToken,
      'an invitation': refreshToken.replace('rt_', 'inv_'),
      'an encrypted token': jwe,
      'a token in a token': nested,
      'a JSON serialisation': JSON.stringify({ protected: header, payload: claims, signature }),
      'two tokens': `${token},${token}`,
      'whitespace within': `${header}.${claims} .${signature}`,
      'a fourth part': `${token}.${signature}`,
      'other letters of base64': token.replace(/[-_]|$/, '+'),
      'an empty part': `${header}..${signature}`,
      'no token at all': 'x',
    });
    expect((await me(token)).status).toBe(200);
  });

  it('is refused in every way that Wycheproof has published, by one answer', async () => {
    const { testGroups } = JSON.parse(
      readFileSync('test/vectors/wycheproof/json_web_signature_test.json', 'utf8'),
    ) as Wycheproof;
    const vectors = testGroups.flatMap(({ tests }) => tests);
    expect(vectors.length).toBe(401);
    const attacks = vectors.map(({ tcId, jws }): [string, string] => [
      String(tcId),
      typeof jws === 'string' ? jws : JSON.stringify(jws),
    ]);
    await expectRefused(Object.fromEntries(attacks));
  });
});
