import { AuthClient, decode, EMAIL, NEXT_PASSWORD, PASSWORD } from '../support/auth-client.js';
import { OPERATOR } from '../support/auth-server.js';

const ANY_STRING = expect.any(String) as unknown;
const INVALID_CREDENTIALS = expect.objectContaining({ code: 'invalid_credentials' }) as unknown;
let client: AuthClient;
beforeAll(async () => {
  client = await AuthClient.start();
}, 60_000);
afterAll(() => client.server.stop());

describe('login', () => {
  it('gives a user a pair of tokens that names them', async () => {
    const { status, body } = await client.login({
      tenant: 'acme',
      email: ' ADA@acme.example',
      password: PASSWORD,
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      accessToken: ANY_STRING,
      tokenType: 'Bearer',
      expiresIn: 600,
      refreshToken: expect.stringMatching(/^rt_[0-9a-f-]{36}\.[0-9a-f-]{36}\.[\w-]{43}$/) as unknown,
      refreshExpiresIn: 3600,
    });
    const answer = await client.me(body.accessToken);
    expect(answer.body).toMatchObject({
      kind: 'user',
      email: EMAIL,
      name: 'Ada',
      tenant: { slug: 'acme' },
      vendorId: null,
      roles: ['tenant_admin'],
    });
    const permissions = answer.body.permissions as string[];
    expect(permissions).toContain('vendors:create:any');
    expect(permissions).toEqual([...permissions].sort());
    const [header, claims] = body.accessToken.split('.').slice(0, 2).map(decode);
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: ANY_STRING });
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
    const { body } = await client.login(OPERATOR);
    expect(body.refreshToken).toMatch(/^rt_0\./);
    const answer = await client.me(body.accessToken);
    expect(answer.body).toMatchObject({
      kind: 'operator',
      tenant: null,
      vendorId: null,
      roles: ['operator'],
    });
  });

  it('answers every failure alike', async () => {
    const { invitationToken } = await client.server.createTenant('pending', { email: EMAIL });
    expect(invitationToken).toBeDefined();
    const email = EMAIL;
    const answers = await Promise.all([
      client.login({ tenant: 'acme', email, password: 'wrong' }),
      client.login({ tenant: 'acme', email: 'nobody@acme.example', password: PASSWORD }),
      client.login({ tenant: 'nowhere', email, password: PASSWORD }),
      client.login({ tenant: 'globex', email, password: PASSWORD }),
      client.login({ tenant: 'pending', email, password: PASSWORD }),
      client.login({ email, password: PASSWORD }),
      client.login({ tenant: 'acme', ...OPERATOR }),
    ]);
    for (const { status, body } of answers) {
      expect({ status, body }).toEqual({ status: 401, body: answers[0].body });
      expect(body).toEqual(INVALID_CREDENTIALS);
    }
  });

  it('shuts the users of a suspended tenant out, and tells only those with the right password why', async () => {
    const { tenant } = await client.server.createTenant('sleepy', { email: EMAIL, password: PASSWORD });
    const { accessToken, refreshToken } = await client.signIn('sleepy');
    await client.server.lifecycle.suspend(tenant);
    const refused = { status: 403, body: expect.objectContaining({ code: 'tenant_suspended' }) as unknown };
    expect(await client.login({ tenant: 'sleepy', email: EMAIL, password: PASSWORD })).toMatchObject(refused);
    expect(await client.me(accessToken)).toMatchObject(refused);
    expect(await client.refresh(refreshToken)).toMatchObject(refused);
    expect((await client.login({ tenant: 'sleepy', email: EMAIL, password: 'wrong' })).status).toBe(401);
    await client.server.lifecycle.resume(tenant);
    expect((await client.me(accessToken)).status).toBe(200);
  });
});

describe('changing the password', () => {
  it('needs the current one, and ends the other sessions', async () => {
    await client.server.createTenant('changing', { email: EMAIL, password: PASSWORD });
    const here = await client.signIn('changing');
    const elsewhere = await client.signIn('changing');
    const change = (body: object) =>
      client.call('PUT', '/v1/auth/password', { token: here.accessToken, body });
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
    expect((await client.me(here.accessToken)).status).toBe(200);
    expect((await client.me(elsewhere.accessToken)).status).toBe(401);
    expect((await client.refresh(elsewhere.refreshToken)).status).toBe(401);
    expect((await client.refresh(here.refreshToken)).status).toBe(200);
    expect((await client.login({ tenant: 'changing', email: EMAIL, password: PASSWORD })).status).toBe(401);
    await client.signIn('changing', NEXT_PASSWORD);
  });
});

describe('an invitation', () => {
  const badToken = { status: 422, body: { errors: [{ pointer: '/token' }] } };

  it('sets the password once, and signs in', async () => {
    const { invitationToken } = await client.server.createTenant('invited', { email: EMAIL });
    expect(await client.accept(invitationToken, 'short')).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/password' }] },
    });
    const answers = await Promise.all([1, 2, 3, 4].map(() => client.accept(invitationToken, PASSWORD)));
    const [accepted, ...others] = answers.filter(({ status }) => status === 200);
    expect(others).toHaveLength(0);
    expect((await client.me(accepted!.body.accessToken)).body).toMatchObject({ tenant: { slug: 'invited' } });
    expect(await client.accept(invitationToken, NEXT_PASSWORD)).toMatchObject(badToken);
    await client.signIn('invited');
  });

  it('is void after its time, or when a newer one was made, and ends the sessions that there are', async () => {
    const late = await client.server.createTenant('late', { email: EMAIL, ttlMs: -1 });
    expect(await client.accept(late.invitationToken, PASSWORD)).toMatchObject(badToken);
    const again = await late.run(() => client.server.invitations.invite(late.adminId, 60_000));
    const newest = await late.run(() => client.server.invitations.invite(late.adminId, 60_000));
    expect(await client.accept(again.token, PASSWORD)).toMatchObject(badToken);
    const { body } = await client.accept(newest.token, PASSWORD);
    const reset = await late.run(() => client.server.invitations.invite(late.adminId, 60_000));
    expect((await client.accept(reset.token, NEXT_PASSWORD)).status).toBe(200);
    expect((await client.me(body.accessToken)).status).toBe(401);
    for (const text of ['', 'inv_', body.refreshToken])
      expect(await client.accept(text, PASSWORD)).toMatchObject(badToken);
  });

  it('lets a further operator in, who can be sent another link', async () => {
    const { token } = await client.server.operators.create(' Second@Example.com', 'Second');
    await expect(client.server.operators.create('second@example.com', 'Second')).rejects.toMatchObject({
      kind: 'conflict',
    });
    const { token: newer } = await client.server.operators.link('second@example.com');
    expect(await client.accept(token, PASSWORD)).toMatchObject(badToken);
    expect((await client.accept(newer, PASSWORD)).status).toBe(200);
    expect((await client.login({ email: 'second@example.com', password: PASSWORD })).status).toBe(200);
    await expect(client.server.operators.ensureFirst()).resolves.toBeNull();
  });
});
