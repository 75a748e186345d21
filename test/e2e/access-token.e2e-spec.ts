import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
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

const ANY_STRING = expect.any(String) as unknown;
const publishedKeys = async () => {
  const { body } = await send('GET', '/.well-known/jwks.json');
  return (body as { keys: (JsonWebKey & { kid: string })[] }).keys;
};
let forge: (claims: object, header?: object) => Promise<string>;
let ada: Credentials;
beforeAll(async () => {
  forge = await openForge();
  ada = await addAda(await world.tenant());
});

describe('an access token', () => {
  it('is asked for, by the scheme Bearer alone', async () => {
    const { accessToken } = await signIn(ada);
    const meWith = async (authorization: string) =>
      (await send('GET', '/v1/me', { headers: { authorization } })).status;
    expect((await me()).status).toBe(401);
    for (const authorization of [
      accessToken,
      `Basic ${accessToken}`,
      `Bearer ${accessToken} x`,
      'Bearer',
      'Bearer  ',
    ])
      expect(await meWith(authorization)).toBe(401);
    expect(await meWith(`bearer ${accessToken}`)).toBe(200);
    expect((await send('GET', `/v1/me?access_token=${accessToken}`)).status).toBe(401);
  });

  it('is refused unless it is exactly what was issued', async () => {
    const { accessToken, refreshToken } = await signIn(ada);
    const [header, claims, signature] = accessToken.split('.') as [string, string, string];
    const head = decode(header);
    const body = decode(claims);
    const [key] = await publishedKeys();
    const pem = createPublicKey({ key: key!, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const hs256 = `${encode({ ...head, alg: 'HS256' })}.${claims}`;
    const now = Math.floor(Date.now() / 1000);
    const { sub, sid, tid, aud, iss } = body;
    const standing = { sub, sid, tid, aud, iss };
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // 64 bytes leave four bits of the last character unused.
    const respelled = signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)!) + 1]!;
    const attacks: Record<string, string> = {
      'no signature': `${encode({ ...head, alg: 'none' })}.${claims}.`,
      'alg none with a signature': `${encode({ ...head, alg: 'none' })}.${claims}.${signature}`,
      'public key as secret': `${hs256}.${createHmac('sha256', pem).update(hs256).digest('base64url')}`,
      'wrong typ': await forge(body, { typ: 'JWT' }),
      'unknown kid': await forge(body, { kid: 'unknown' }),
      'no kid': await forge(body, { kid: undefined }),
      'another account': `${header}.${encode({ ...body, sub: body.sid })}.${signature}`,
      expired: await forge({ ...standing, exp: now - 1 }),
      'not yet valid': await forge({ ...standing, nbf: now + 60, exp: now + 600 }),
      'other audience': await forge({ ...body, aud: 'another-api' }),
      'no audience': await forge({ ...body, aud: undefined }),
      'other issuer': await forge({ ...body, iss: 'another' }),
      'unknown session': await forge({ ...body, sid: body.sub }),
      'no tenant': await forge({ ...body, tid: undefined }),
      'unknown tenant': await forge({ ...body, tid: body.sub }),
      'a refresh token': refreshToken,
      'second spelling of the signature': `${header}.${claims}.${respelled}`,
      padding: `${accessToken}=`,
      'a fourth part': `${accessToken}.x`,
      'no JSON': `eA.${claims}.${signature}`,
      'header null': `${encode(null)}.${claims}.${signature}`,
    };
    expect((await me(await forge(body))).status).toBe(200);
    const refusals = new Set<string>();
    for (const [attack, token] of Object.entries(attacks)) {
      const answer = await me(token);
      expect({ attack, status: answer.status }).toEqual({ attack, status: 401 });
      refusals.add(JSON.stringify(refusalOf(answer)));
    }
    expect([...refusals]).toHaveLength(1);
    expect((await me(accessToken)).status).toBe(200);
  });

  it('of one tenant is not good for an account of the same session in another', async () => {
    const { accessToken } = await signIn(ada);
    const elsewhere = await signIn(await addAda(await world.tenant()));
    const claims = decode(accessToken.split('.')[1]);
    const { tid } = decode(elsewhere.accessToken.split('.')[1]);
    expect((await me(await forge({ ...claims, tid }))).status).toBe(401);
  });

  it('follows the account: a role taken away and a removal count at once', async () => {
    const tenant = await world.tenant();
    const { id, ...credentials } = await addAda(tenant);
    const { accessToken } = await signIn(credentials);
    const path = `/v1/users/${id}`;
    expect((await tenant.admin.patch(path, { roles: ['viewer'] }, { 'if-match': '*' })).status).toBe(200);
    expect((await me(accessToken)).body).toMatchObject({ roles: ['viewer'] });
    expect((await tenant.admin.delete(path, { 'if-match': '*' })).status).toBe(204);
    expect((await me(accessToken)).status).toBe(401);
  });

  it('can be verified with the published keys', async () => {
    const { status, headers, body } = await send('GET', '/.well-known/jwks.json');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    const key = { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' };
    const published = { ...key, kid: ANY_STRING, x: ANY_STRING, y: ANY_STRING };
    // The one that signs, and the next.
    expect(body).toEqual({ keys: [published, published] });
    const { accessToken } = await signIn(ada);
    expect(decode(accessToken.split('.')[0]).kid).toBe((await publishedKeys())[0]!.kid);
  });
});
