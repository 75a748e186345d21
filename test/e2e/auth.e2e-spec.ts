import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { User } from '../../src/platform/auth/user.entity.js';
import { OPERATOR, startAuthServer, type AuthServer } from '../support/auth-server.js';

const PASSWORD = 'correct horse battery';
const NEXT_PASSWORD = 'an even longer phrase';
const INVALID_CREDENTIALS = expect.objectContaining({ code: 'invalid_credentials' }) as unknown;

interface Pair {
  accessToken: string;
  tokenType: string;
  expiresIn: number;
  refreshToken: string;
  refreshExpiresIn: number;
}
interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

let server: AuthServer;

async function call<T = Record<string, unknown>>(
  method: string,
  path: string,
  { token, body, authorization }: { token?: string; body?: unknown; authorization?: string } = {},
): Promise<Answer<T>> {
  const credentials = authorization ?? (token === undefined ? undefined : `Bearer ${token}`);
  const response = await fetch(server.url + path, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(credentials !== undefined && { authorization: credentials }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text ? JSON.parse(text) : undefined) as T,
  };
}

const login = (body: object) => call<Pair>('POST', '/v1/auth/login', { body });
const refresh = (refreshToken: string) => call<Pair>('POST', '/v1/auth/refresh', { body: { refreshToken } });
const me = (token?: string) => call('GET', '/v1/me', { token });
const decode = (part: string) =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function signIn(tenant: string, password = PASSWORD): Promise<Pair> {
  const { status, body } = await login({ tenant, email: 'ada@acme.example', password });
  expect(status).toBe(200);
  return body;
}

beforeAll(async () => {
  server = await startAuthServer();
  await server.createTenant('acme', { email: 'ada@acme.example', password: PASSWORD });
  await server.createTenant('globex', { email: 'ada@acme.example', password: NEXT_PASSWORD });
}, 60_000);
afterAll(async () => server?.stop());

describe('login', () => {
  it('gives a user a pair of tokens that names them', async () => {
    const { status, body } = await login({ tenant: 'acme', email: ' ADA@acme.example', password: PASSWORD });
    expect(status).toBe(200);
    expect(body).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 600,
      refreshToken: expect.stringMatching(/^rt_[0-9a-f-]{36}\.[0-9a-f-]{36}\.[\w-]{43}$/),
      refreshExpiresIn: 3600,
    });
    const answer = await me(body.accessToken);
    expect(answer.body).toMatchObject({
      kind: 'user',
      email: 'ada@acme.example',
      name: 'Ada',
      tenant: { slug: 'acme' },
      vendorId: null,
      roles: ['tenant_admin'],
    });
    const permissions = answer.body.permissions as string[];
    expect(permissions).toContain('vendors:create:any');
    expect(permissions).toEqual([...permissions].sort());
    const [header, claims] = body.accessToken.split('.').slice(0, 2).map(decode);
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
    expect(Object.keys(claims!).sort()).toEqual([
      'aud',
      'exp',
      'iat',
      'iss',
      'jti',
      'nbf',
      'sid',
      'sub',
      'tid',
    ]);
  });

  it('signs an operator in without a tenant', async () => {
    const { body } = await login(OPERATOR);
    expect(body.refreshToken).toMatch(/^rt_0\./);
    const answer = await me(body.accessToken);
    expect(answer.body).toMatchObject({
      kind: 'operator',
      tenant: null,
      vendorId: null,
      roles: ['operator'],
    });
  });

  it('answers every failure alike', async () => {
    const { invitationToken } = await server.createTenant('pending', { email: 'ada@acme.example' });
    expect(invitationToken).toBeDefined();
    const email = 'ada@acme.example';
    const answers = await Promise.all([
      login({ tenant: 'acme', email, password: 'wrong' }),
      login({ tenant: 'acme', email: 'nobody@acme.example', password: PASSWORD }),
      login({ tenant: 'nowhere', email, password: PASSWORD }),
      login({ tenant: 'globex', email, password: PASSWORD }),
      login({ tenant: 'pending', email, password: PASSWORD }),
      login({ email, password: PASSWORD }),
      login({ tenant: 'acme', ...OPERATOR }),
    ]);
    for (const { status, body } of answers) {
      expect({ status, body }).toEqual({ status: 401, body: answers[0].body });
      expect(body).toEqual(INVALID_CREDENTIALS);
    }
  });

  it('shuts the users of a suspended tenant out, and tells only those with the right password why', async () => {
    const { tenant } = await server.createTenant('sleepy', { email: 'ada@acme.example', password: PASSWORD });
    const { accessToken, refreshToken } = await signIn('sleepy');
    await server.lifecycle.suspend(tenant);
    const refused = { status: 403, body: expect.objectContaining({ code: 'tenant_suspended' }) as unknown };
    expect(await login({ tenant: 'sleepy', email: 'ada@acme.example', password: PASSWORD })).toMatchObject(
      refused,
    );
    expect(await me(accessToken)).toMatchObject(refused);
    expect(await refresh(refreshToken)).toMatchObject(refused);
    expect((await login({ tenant: 'sleepy', email: 'ada@acme.example', password: 'wrong' })).status).toBe(
      401,
    );
    await server.lifecycle.resume(tenant);
    expect((await me(accessToken)).status).toBe(200);
  });
});

describe('an access token', () => {
  it('is asked for, by the scheme Bearer alone', async () => {
    const { accessToken } = await signIn('acme');
    expect((await me()).status).toBe(401);
    for (const authorization of [
      accessToken,
      `Basic ${accessToken}`,
      `Bearer ${accessToken} x`,
      'Bearer',
      'Bearer  ',
    ])
      expect((await call('GET', '/v1/me', { authorization })).status).toBe(401);
    expect((await call('GET', '/v1/me', { authorization: `bearer ${accessToken}` })).status).toBe(200);
    expect((await call('GET', `/v1/me?access_token=${accessToken}`)).status).toBe(401);
  });

  it('is refused unless it is exactly what was issued', async () => {
    const { accessToken, refreshToken } = await signIn('acme');
    const [header, claims, signature] = accessToken.split('.') as [string, string, string];
    const head = decode(header);
    const body = decode(claims);
    const { keys } = (await call<{ keys: JsonWebKey[] }>('GET', '/.well-known/jwks.json')).body;
    const pem = createPublicKey({ key: keys[0]!, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const hs256 = `${encode({ ...head, alg: 'HS256' })}.${claims}`;
    const now = Math.floor(Date.now() / 1000);
    const { iat: _iat, nbf: _nbf, ...standing } = body;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // 64 bytes leave four bits of the last character unused.
    const respelled = signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)!) + 1]!;
    const attacks: Record<string, string> = {
      'no signature': `${encode({ ...head, alg: 'none' })}.${claims}.`,
      'alg none with a signature': `${encode({ ...head, alg: 'none' })}.${claims}.${signature}`,
      'public key as secret': `${hs256}.${createHmac('sha256', pem).update(hs256).digest('base64url')}`,
      'wrong typ': await server.forge(body, { typ: 'JWT' }),
      'unknown kid': await server.forge(body, { kid: 'unknown' }),
      'no kid': await server.forge(body, { kid: undefined }),
      'another account': `${header}.${encode({ ...body, sub: body.sid })}.${signature}`,
      expired: await server.forge({ ...standing, exp: now - 1 }),
      'not yet valid': await server.forge({ ...standing, nbf: now + 60 }),
      'other audience': await server.forge({ ...body, aud: 'another-api' }),
      'no audience': await server.forge({ ...body, aud: undefined }),
      'other issuer': await server.forge({ ...body, iss: 'another' }),
      'unknown session': await server.forge({ ...body, sid: body.sub }),
      'no tenant': await server.forge({ ...body, tid: undefined }),
      'unknown tenant': await server.forge({ ...body, tid: body.sub }),
      'a refresh token': refreshToken,
      'second spelling of the signature': `${header}.${claims}.${respelled}`,
      padding: `${accessToken}=`,
      'a fourth part': `${accessToken}.x`,
      'no JSON': `eA.${claims}.${signature}`,
      'header null': `${encode(null)}.${claims}.${signature}`,
    };
    expect((await me(await server.forge(body))).status).toBe(200);
    const bodies = new Set<string>();
    for (const [attack, token] of Object.entries(attacks)) {
      const answer = await me(token);
      expect({ attack, status: answer.status }).toEqual({ attack, status: 401 });
      bodies.add(JSON.stringify(answer.body));
    }
    expect(bodies.size).toBe(1);
    expect((await me(accessToken)).status).toBe(200);
  });

  it('of one tenant is not good for an account of the same session in another', async () => {
    const { accessToken } = await signIn('acme');
    const globex = await signIn('globex', NEXT_PASSWORD);
    const claims = decode(accessToken.split('.')[1]!);
    const { tid } = decode(globex.accessToken.split('.')[1]!);
    expect((await me(await server.forge({ ...claims, tid }))).status).toBe(401);
  });

  it('follows the account: a role taken away and a removal count at once', async () => {
    const { adminId, run } = await server.createTenant('fleeting', {
      email: 'ada@acme.example',
      password: PASSWORD,
    });
    const { accessToken } = await signIn('fleeting');
    await run(() => server.context.manager.update(User, { id: adminId }, { roles: ['viewer'] }));
    expect((await me(accessToken)).body.roles).toEqual(['viewer']);
    await run(() => server.context.manager.delete(User, { id: adminId }));
    expect((await me(accessToken)).status).toBe(401);
  });

  it('can be verified with the published keys', async () => {
    const { status, headers, body } = await call<{ keys: object[] }>('GET', '/.well-known/jwks.json');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    const key = { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' };
    expect(body.keys).toEqual([
      { ...key, kid: expect.any(String), x: expect.any(String), y: expect.any(String) },
    ]);
    const { accessToken } = await signIn('acme');
    expect(decode(accessToken.split('.')[0]!).kid).toBe((body.keys[0] as { kid: string }).kid);
  });
});

describe('a refresh token', () => {
  it('is good once; using it again ends the session with all its tokens', async () => {
    const first = await signIn('acme');
    const second = await refresh(first.refreshToken);
    expect(second.status).toBe(200);
    expect(second.body.refreshToken).not.toBe(first.refreshToken);
    expect((await me(second.body.accessToken)).status).toBe(200);
    expect((await me(first.accessToken)).status).toBe(200);
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect((await refresh(second.body.refreshToken)).status).toBe(401);
    expect((await me(second.body.accessToken)).status).toBe(401);
  });

  it('used eight times at once succeeds at most once, and the session is over', async () => {
    const { refreshToken } = await signIn('acme');
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(refreshToken)));
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners.length).toBeLessThanOrEqual(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(8 - winners.length);
    for (const { body } of winners) {
      expect((await me(body.accessToken)).status).toBe(401);
      expect((await refresh(body.refreshToken)).status).toBe(401);
    }
  });

  it('works for operators alike', async () => {
    const { body } = await login(OPERATOR);
    const next = await refresh(body.refreshToken);
    expect(next.status).toBe(200);
    expect((await refresh(body.refreshToken)).status).toBe(401);
    expect((await me(next.body.accessToken)).status).toBe(401);
  });

  it('is refused in any other form', async () => {
    const { refreshToken, accessToken } = await signIn('acme');
    const [, sessionId, secret] = refreshToken.split('.') as [string, string, string];
    const forms = [
      accessToken,
      '',
      'rt_',
      `${refreshToken}x`,
      ` ${refreshToken}`,
      refreshToken.toUpperCase(),
    ];
    for (const form of [...forms, refreshToken.replace('rt_', 'inv_'), `rt_0.${sessionId}.${secret}`])
      expect((await refresh(form)).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(200);
  });
});

describe('a session', () => {
  it('ends at logout', async () => {
    const { accessToken, refreshToken } = await signIn('acme');
    const other = await signIn('acme');
    expect((await call('POST', '/v1/auth/logout', { token: accessToken })).status).toBe(204);
    expect((await me(accessToken)).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(401);
    expect((await me(other.accessToken)).status).toBe(200);
  });

  it('is listed to its owner, who can end it; nobody else can', async () => {
    await server.createTenant('listed', { email: 'ada@acme.example', password: PASSWORD });
    const first = await signIn('listed');
    const second = await signIn('listed');
    const stranger = await signIn('acme');
    const list = () =>
      call<{ data: { id: string; current: boolean }[] }>('GET', '/v1/auth/sessions', {
        token: second.accessToken,
      });
    const { body } = await list();
    expect(body.data.map(({ current }) => current)).toEqual([true, false]);
    const path = `/v1/auth/sessions/${body.data[1]!.id}`;
    expect((await call('DELETE', path, { token: stranger.accessToken })).status).toBe(404);
    expect((await call('DELETE', path, { token: second.accessToken })).status).toBe(204);
    expect((await call('DELETE', path, { token: second.accessToken })).status).toBe(404);
    expect((await me(first.accessToken)).status).toBe(401);
    expect((await list()).body.data).toHaveLength(1);
  });
});

describe('changing the password', () => {
  it('needs the current one, and ends the other sessions', async () => {
    await server.createTenant('changing', { email: 'ada@acme.example', password: PASSWORD });
    const here = await signIn('changing');
    const elsewhere = await signIn('changing');
    const change = (body: object) => call('PUT', '/v1/auth/password', { token: here.accessToken, body });
    expect(await change({ currentPassword: 'wrong', newPassword: NEXT_PASSWORD })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/currentPassword' }] },
    });
    for (const newPassword of ['short', 'ADA@acme.example', 'x'.repeat(129)])
      expect(await change({ currentPassword: PASSWORD, newPassword })).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/newPassword' }] },
      });
    expect((await change({ currentPassword: PASSWORD, newPassword: NEXT_PASSWORD })).status).toBe(204);
    expect((await me(here.accessToken)).status).toBe(200);
    expect((await me(elsewhere.accessToken)).status).toBe(401);
    expect((await refresh(elsewhere.refreshToken)).status).toBe(401);
    expect((await refresh(here.refreshToken)).status).toBe(200);
    expect((await login({ tenant: 'changing', email: 'ada@acme.example', password: PASSWORD })).status).toBe(
      401,
    );
    await signIn('changing', NEXT_PASSWORD);
  });
});

describe('an invitation', () => {
  const accept = (token: string | undefined, password: string) =>
    call<Pair>('POST', '/v1/invitations/accept', { body: { token, password } });
  const badToken = { status: 422, body: { errors: [{ pointer: '/token' }] } };

  it('sets the password once, and signs in', async () => {
    const { invitationToken } = await server.createTenant('invited', { email: 'ada@acme.example' });
    expect(await accept(invitationToken, 'short')).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/password' }] },
    });
    const answers = await Promise.all([1, 2, 3, 4].map(() => accept(invitationToken, PASSWORD)));
    const [accepted, ...others] = answers.filter(({ status }) => status === 200);
    expect(others).toHaveLength(0);
    expect((await me(accepted!.body.accessToken)).body).toMatchObject({ tenant: { slug: 'invited' } });
    expect(await accept(invitationToken, NEXT_PASSWORD)).toMatchObject(badToken);
    await signIn('invited');
  });

  it('is void after its time, or when a newer one was made, and ends the sessions that there are', async () => {
    const late = await server.createTenant('late', { email: 'ada@acme.example', ttlMs: -1 });
    expect(await accept(late.invitationToken, PASSWORD)).toMatchObject(badToken);
    const again = await late.run(() => server.invitations.invite(late.adminId, 60_000));
    const newest = await late.run(() => server.invitations.invite(late.adminId, 60_000));
    expect(await accept(again.token, PASSWORD)).toMatchObject(badToken);
    const { body } = await accept(newest.token, PASSWORD);
    const reset = await late.run(() => server.invitations.invite(late.adminId, 60_000));
    expect((await accept(reset.token, NEXT_PASSWORD)).status).toBe(200);
    expect((await me(body.accessToken)).status).toBe(401);
    for (const text of ['', 'inv_', body.refreshToken])
      expect(await accept(text, PASSWORD)).toMatchObject(badToken);
  });

  it('lets a further operator in, who can be sent another link', async () => {
    const { token } = await server.operators.create(' Second@Example.com', 'Second');
    await expect(server.operators.create('second@example.com', 'Second')).rejects.toMatchObject({
      kind: 'conflict',
    });
    const { token: newer } = await server.operators.link('second@example.com');
    expect(await accept(token, PASSWORD)).toMatchObject(badToken);
    expect((await accept(newer, PASSWORD)).status).toBe(200);
    expect((await login({ email: 'second@example.com', password: PASSWORD })).status).toBe(200);
    await expect(server.operators.ensureFirst()).resolves.toBeNull();
  });
});
