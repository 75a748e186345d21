import {
  addAda,
  login,
  me,
  refresh,
  refusalOf,
  signIn,
  type Credentials,
  type Pair,
} from '../support/auth.js';
import { send } from '../support/client.js';
import { asOwner } from '../support/database.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD } from '../support/server.js';
import { world } from '../support/world.js';

let ada: Credentials;
beforeAll(async () => {
  ada = await addAda(await world.tenant());
});

describe('a refresh token', () => {
  it('is good once; using it again ends the session with all its tokens', async () => {
    const first = await signIn(ada);
    const second = await refresh(first.refreshToken);
    expect(second.status).toBe(200);
    expect(second.body.refreshToken).not.toBe(first.refreshToken);
    expect((await me(second.body.accessToken)).status).toBe(200);
    expect((await me(first.accessToken)).status).toBe(200);
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect((await refresh(second.body.refreshToken)).status).toBe(401);
    expect((await me(second.body.accessToken)).status).toBe(401);
  });

  it('that never was one of the session ends nothing, though it names the session', async () => {
    const { accessToken, refreshToken } = await signIn(ada);
    const [realm, session] = refreshToken.split('.');
    const guess = [realm, session, Buffer.alloc(32, 7).toString('base64url')].join('.');
    expect((await refresh(guess)).status).toBe(401);
    expect((await me(accessToken)).status).toBe(200);
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  it('used eight times at once succeeds at most once, and the session is over', async () => {
    const { refreshToken } = await signIn(ada);
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
    const { body } = await login({ email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD });
    const next = await refresh(body.refreshToken);
    expect(next.status).toBe(200);
    expect((await refresh(body.refreshToken)).status).toBe(401);
    expect((await me(next.body.accessToken)).status).toBe(401);
  });

  it('is refused in any other form', async () => {
    const { refreshToken, accessToken } = await signIn(ada);
    const [, sessionId, secret] = refreshToken.split('.') as [string, string, string];
    const forms = [
      accessToken,
      '',
      'rt_',
      `${refreshToken}x`,
      ` ${refreshToken}`,
      refreshToken.toUpperCase(),
      refreshToken.replace('rt_', 'inv_'),
      `rt_0.${sessionId}.${secret}`,
    ];
    for (const form of forms) expect((await refresh(form)).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(200);
  });
});

it('a refresh token of a suspended tenant is told so only when it is good', async () => {
  const tenant = await world.tenant();
  const { refreshToken } = await signIn(await addAda(tenant));
  await (await world.operator()).post(`/v1/tenants/${tenant.id}/suspend`);
  const [realm, session] = refreshToken.split('.');
  const guess = [realm, session, Buffer.alloc(32, 7).toString('base64url')].join('.');
  expect((await refresh(guess)).status).toBe(401);
  expect((await refresh(refreshToken)).status).toBe(403);
  await (await world.operator()).post(`/v1/tenants/${tenant.id}/resume`);
  expect((await refresh(refreshToken)).status).toBe(200);
});

describe('a session', () => {
  it.each([
    ['when its time is over', 'UPDATE {schema}.session SET expires_at = now() WHERE account_id = $1'],
    [
      'when nobody used it for an hour',
      `UPDATE {schema}.session SET last_used_at = now() - interval '3601 seconds' WHERE account_id = $1`,
    ],
  ])('ends %s', async (_, sql) => {
    const tenant = await world.tenant();
    const { id, ...credentials } = await addAda(tenant);
    const { accessToken, refreshToken } = await signIn(credentials);
    expect((await me(accessToken)).status).toBe(200);
    await asOwner(sql, [id], tenant.id);
    expect((await me(accessToken)).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(401);
  });

  it('shows with what it was begun, and from where it was last seen', async () => {
    const seen = await addAda(await world.tenant());
    const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0';
    const body = { tenant: seen.tenant, email: seen.email, password: seen.password };
    const begun = await send('POST', '/v1/auth/login', { body, headers: { 'user-agent': firefox } });
    const { accessToken: token, refreshToken } = begun.body as Pair;
    const shown = async () => {
      const { body: list } = await send('GET', '/v1/auth/sessions', { token });
      return (list as { data: object[] }).data[0];
    };
    expect(await shown()).toMatchObject({
      device: 'Firefox 128 on Windows',
      userAgent: firefox,
      address: '127.0.0.1',
      methods: ['pwd'],
      impersonation: null,
    });
    const headers = { 'user-agent': `curl/8.5.0 ${'x'.repeat(1000)}` };
    await send('POST', '/v1/auth/refresh', { body: { refreshToken }, headers });
    const { userAgent } = (await shown()) as { userAgent: string };
    expect([userAgent.startsWith('curl/8.5.0'), userAgent.length]).toEqual([true, 300]);
  });

  it('of a disabled user ends, and they cannot sign in before they are enabled again', async () => {
    const tenant = await world.tenant();
    const { id, ...credentials } = await addAda(tenant);
    const { accessToken, refreshToken } = await signIn(credentials);
    const set = (status: string) => tenant.admin.patch(`/v1/users/${id}`, { status }, { 'if-match': '*' });
    expect((await set('disabled')).body).toMatchObject({ status: 'disabled' });
    expect((await me(accessToken)).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(401);
    const refused = await login(credentials);
    expect(refusalOf(refused)).toEqual(refusalOf(await login({ ...credentials, password: 'wrong' })));
    expect((await set('asleep')).status).toBe(422);
    expect((await set('active')).body).toMatchObject({ status: 'active' });
    expect((await me(accessToken)).status).toBe(401);
    await signIn(credentials);
  });

  it('of the last administrator who is not disabled stays: somebody must be able to enable the others', async () => {
    const tenant = await world.tenant();
    const { id } = await addAda(tenant);
    const disable = (userId: string) =>
      tenant.admin.patch(`/v1/users/${userId}`, { status: 'disabled' }, { 'if-match': '*' });
    expect((await disable(id)).status).toBe(200);
    expect((await disable(tenant.admin.me.id)).status).toBe(409);
    expect((await tenant.admin.get('/v1/me')).status).toBe(200);
  });

  it('ends with all others of the user when an administrator says so, who may sign in again', async () => {
    const tenant = await world.tenant();
    const { id, ...credentials } = await addAda(tenant);
    const pairs = [await signIn(credentials), await signIn(credentials)];
    const viewer = await tenant.as('viewer');
    expect((await viewer.delete(`/v1/users/${id}/sessions`)).status).toBe(403);
    expect((await tenant.admin.delete(`/v1/users/${id}/sessions`)).status).toBe(204);
    for (const { accessToken, refreshToken } of pairs) {
      expect((await me(accessToken)).status).toBe(401);
      expect((await refresh(refreshToken)).status).toBe(401);
    }
    await signIn(credentials);
  });

  it('ends at logout', async () => {
    const { accessToken, refreshToken } = await signIn(ada);
    const other = await signIn(ada);
    expect((await send('POST', '/v1/auth/logout', { token: accessToken })).status).toBe(204);
    expect((await me(accessToken)).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(401);
    expect((await me(other.accessToken)).status).toBe(200);
  });

  it('is listed to its owner, who can end it; nobody else can', async () => {
    const tenant = await world.tenant();
    const listed = await addAda(tenant);
    const [first, second] = [await signIn(listed), await signIn(listed)];
    const list = async () => {
      const { body } = await send('GET', '/v1/auth/sessions', { token: second.accessToken });
      return body as { data: { id: string; current: boolean }[]; page: object };
    };
    const { data, page } = await list();
    expect(data.map(({ current }) => current)).toEqual([true, false]);
    expect(page).toEqual({ nextCursor: null, limit: 100 });
    const end = async (token: string) =>
      (await send('DELETE', `/v1/auth/sessions/${data[1]!.id}`, { token })).status;
    expect(await end((await signIn(ada)).accessToken)).toBe(404);
    expect(await end(tenant.admin.token)).toBe(404);
    expect(await end(second.accessToken)).toBe(204);
    expect(await end(second.accessToken)).toBe(404);
    expect((await me(first.accessToken)).status).toBe(401);
    expect((await list()).data).toHaveLength(1);
  });
});
