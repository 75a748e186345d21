import { AuthClient, EMAIL, PASSWORD } from '../support/auth-client.js';
import { OPERATOR } from '../support/auth-server.js';

let client: AuthClient;
beforeAll(async () => {
  client = await AuthClient.start();
}, 60_000);
afterAll(() => client.server.stop());

describe('a refresh token', () => {
  it('is good once; using it again ends the session with all its tokens', async () => {
    const first = await client.signIn('acme');
    const second = await client.refresh(first.refreshToken);
    expect(second.status).toBe(200);
    expect(second.body.refreshToken).not.toBe(first.refreshToken);
    expect((await client.me(second.body.accessToken)).status).toBe(200);
    expect((await client.me(first.accessToken)).status).toBe(200);
    expect((await client.refresh(first.refreshToken)).status).toBe(401);
    expect((await client.refresh(second.body.refreshToken)).status).toBe(401);
    expect((await client.me(second.body.accessToken)).status).toBe(401);
  });

  it('used eight times at once succeeds at most once, and the session is over', async () => {
    const { refreshToken } = await client.signIn('acme');
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.refresh(refreshToken)));
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners.length).toBeLessThanOrEqual(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(8 - winners.length);
    for (const { body } of winners) {
      expect((await client.me(body.accessToken)).status).toBe(401);
      expect((await client.refresh(body.refreshToken)).status).toBe(401);
    }
  });

  it('works for operators alike', async () => {
    const { body } = await client.login(OPERATOR);
    const next = await client.refresh(body.refreshToken);
    expect(next.status).toBe(200);
    expect((await client.refresh(body.refreshToken)).status).toBe(401);
    expect((await client.me(next.body.accessToken)).status).toBe(401);
  });

  it('is refused in any other form', async () => {
    const { refreshToken, accessToken } = await client.signIn('acme');
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
      expect((await client.refresh(form)).status).toBe(401);
    expect((await client.refresh(refreshToken)).status).toBe(200);
  });
});

describe('a session', () => {
  it('ends at logout', async () => {
    const { accessToken, refreshToken } = await client.signIn('acme');
    const other = await client.signIn('acme');
    expect((await client.call('POST', '/v1/auth/logout', { token: accessToken })).status).toBe(204);
    expect((await client.me(accessToken)).status).toBe(401);
    expect((await client.refresh(refreshToken)).status).toBe(401);
    expect((await client.me(other.accessToken)).status).toBe(200);
  });

  it('is listed to its owner, who can end it; nobody else can', async () => {
    await client.server.createTenant('listed', { email: EMAIL, password: PASSWORD });
    const first = await client.signIn('listed');
    const second = await client.signIn('listed');
    const stranger = await client.signIn('acme');
    const list = () =>
      client.call<{ data: { id: string; current: boolean }[]; page: object }>('GET', '/v1/auth/sessions', {
        token: second.accessToken,
      });
    const { body } = await list();
    expect(body.data.map(({ current }) => current)).toEqual([true, false]);
    expect(body.page).toEqual({ nextCursor: null, limit: 100 });
    const path = `/v1/auth/sessions/${body.data[1]!.id}`;
    expect((await client.call('DELETE', path, { token: stranger.accessToken })).status).toBe(404);
    expect((await client.call('DELETE', path, { token: second.accessToken })).status).toBe(204);
    expect((await client.call('DELETE', path, { token: second.accessToken })).status).toBe(404);
    expect((await client.me(first.accessToken)).status).toBe(401);
    expect((await list()).body.data).toHaveLength(1);
  });
});
