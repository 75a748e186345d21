import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { User } from '../../src/platform/auth/user.entity.js';
import { AuthClient, decode, EMAIL, encode, NEXT_PASSWORD, PASSWORD } from '../support/auth-client.js';

const ANY_STRING = expect.any(String) as unknown;
let client: AuthClient;
beforeAll(async () => {
  client = await AuthClient.start();
}, 60_000);
afterAll(() => client.server.stop());

describe('an access token', () => {
  it('is asked for, by the scheme Bearer alone', async () => {
    const { accessToken } = await client.signIn('acme');
    expect((await client.me()).status).toBe(401);
    for (const authorization of [
      accessToken,
      `Basic ${accessToken}`,
      `Bearer ${accessToken} x`,
      'Bearer',
      'Bearer  ',
    ])
      expect((await client.call('GET', '/v1/me', { authorization })).status).toBe(401);
    expect((await client.call('GET', '/v1/me', { authorization: `bearer ${accessToken}` })).status).toBe(200);
    expect((await client.call('GET', `/v1/me?access_token=${accessToken}`)).status).toBe(401);
  });

  it('is refused unless it is exactly what was issued', async () => {
    const { accessToken, refreshToken } = await client.signIn('acme');
    const [header, claims, signature] = accessToken.split('.') as [string, string, string];
    const head = decode(header);
    const body = decode(claims);
    const { keys } = (await client.call<{ keys: JsonWebKey[] }>('GET', '/.well-known/jwks.json')).body;
    const pem = createPublicKey({ key: keys[0]!, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
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
      'wrong typ': await client.server.forge(body, { typ: 'JWT' }),
      'unknown kid': await client.server.forge(body, { kid: 'unknown' }),
      'no kid': await client.server.forge(body, { kid: undefined }),
      'another account': `${header}.${encode({ ...body, sub: body.sid })}.${signature}`,
      expired: await client.server.forge({ ...standing, exp: now - 1 }),
      'not yet valid': await client.server.forge({ ...standing, nbf: now + 60 }),
      'other audience': await client.server.forge({ ...body, aud: 'another-api' }),
      'no audience': await client.server.forge({ ...body, aud: undefined }),
      'other issuer': await client.server.forge({ ...body, iss: 'another' }),
      'unknown session': await client.server.forge({ ...body, sid: body.sub }),
      'no tenant': await client.server.forge({ ...body, tid: undefined }),
      'unknown tenant': await client.server.forge({ ...body, tid: body.sub }),
      'a refresh token': refreshToken,
      'second spelling of the signature': `${header}.${claims}.${respelled}`,
      padding: `${accessToken}=`,
      'a fourth part': `${accessToken}.x`,
      'no JSON': `eA.${claims}.${signature}`,
      'header null': `${encode(null)}.${claims}.${signature}`,
    };
    expect((await client.me(await client.server.forge(body))).status).toBe(200);
    const bodies = new Set<string>();
    for (const [attack, token] of Object.entries(attacks)) {
      const answer = await client.me(token);
      expect({ attack, status: answer.status }).toEqual({ attack, status: 401 });
      bodies.add(JSON.stringify(answer.body));
    }
    expect(bodies.size).toBe(1);
    expect((await client.me(accessToken)).status).toBe(200);
  });

  it('of one tenant is not good for an account of the same session in another', async () => {
    const { accessToken } = await client.signIn('acme');
    const globex = await client.signIn('globex', NEXT_PASSWORD);
    const claims = decode(accessToken.split('.')[1]);
    const { tid } = decode(globex.accessToken.split('.')[1]);
    expect((await client.me(await client.server.forge({ ...claims, tid }))).status).toBe(401);
  });

  it('follows the account: a role taken away and a removal count at once', async () => {
    const { adminId, run } = await client.server.createTenant('fleeting', {
      email: EMAIL,
      password: PASSWORD,
    });
    const { accessToken } = await client.signIn('fleeting');
    await run(() => client.server.context.manager.update(User, { id: adminId }, { roles: ['viewer'] }));
    expect((await client.me(accessToken)).body.roles).toEqual(['viewer']);
    await run(() => client.server.context.manager.delete(User, { id: adminId }));
    expect((await client.me(accessToken)).status).toBe(401);
  });

  it('can be verified with the published keys', async () => {
    const { status, headers, body } = await client.call<{ keys: object[] }>('GET', '/.well-known/jwks.json');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    const key = { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' };
    expect(body.keys).toEqual([{ ...key, kid: ANY_STRING, x: ANY_STRING, y: ANY_STRING }]);
    const { accessToken } = await client.signIn('acme');
    expect(decode(accessToken.split('.')[0]).kid).toBe((body.keys[0] as { kid: string }).kid);
  });
});
