import { setTimeout as sleep } from 'node:timers/promises';
import { decode } from '../support/auth.js';
import { Client, send, type Answer, type Resource } from '../support/client.js';
import { asOwner } from '../support/database.js';
import { expectProblem } from '../support/problem.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD } from '../support/server.js';
import { world, type TenantWorld } from '../support/world.js';

const REASON = 'Ticket 4711: the list stays empty';
const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

let operator: Client;
beforeAll(async () => {
  operator = await world.operator();
});

interface Acting {
  accessToken: string;
  expiresIn: number;
  sessionId: string;
  readOnly: boolean;
}

const consent = (tenant: TenantWorld, body: object = { until: inHours(1) }): Promise<Answer> =>
  tenant.admin.put('/v1/support-access', body);
const impersonate = (tenant: TenantWorld, user: Client, extra: object = {}): Promise<Answer> =>
  operator.post(`/v1/tenants/${tenant.id}/impersonation`, { userId: user.me.id, reason: REASON, ...extra });

async function act(tenant: TenantWorld, user: Client, extra: object = {}): Promise<Acting> {
  const answer = await impersonate(tenant, user, extra);
  expect(answer.status).toBe(200);
  return answer.body as Acting;
}

describe('the consent of a tenant', () => {
  it('is given, shown and taken back by its administrators alone, for thirty days at most', async () => {
    const tenant = await world.tenant();
    const none = { until: null, allowWrites: false, grantedBy: null, grantedAt: null };
    expect((await tenant.admin.get('/v1/support-access')).body).toEqual(none);
    const until = inHours(2);
    const given = await consent(tenant, { until, allowWrites: true });
    expect(given.status).toBe(200);
    expect(given.body).toMatchObject({ until, allowWrites: true, grantedBy: tenant.admin.me.id });
    for (const wrong of [inHours(-1), inHours(31 * 24), 'soon'])
      expectProblem(await consent(tenant, { until: wrong }), 422);
    expectProblem(await consent(tenant, { until, forever: true }), 422);
    const viewer = await tenant.as('viewer');
    for (const method of ['GET', 'PUT', 'DELETE'])
      expectProblem(
        await viewer.send(method, '/v1/support-access', method === 'PUT' ? { until } : undefined),
        403,
      );
    expectProblem(await operator.get('/v1/support-access'), 403);
    expect((await tenant.admin.delete('/v1/support-access')).status).toBe(204);
    expect((await tenant.admin.get('/v1/support-access')).body).toEqual(none);
  });

  it('is needed: without it, after it, or beyond it nobody acts as a user', async () => {
    const tenant = await world.tenant();
    const user = await tenant.as('viewer');
    expectProblem(await impersonate(tenant, user), 403, 'support_access_required');
    await consent(tenant);
    expectProblem(await impersonate(tenant, user, { readOnly: false }), 403, 'support_access_required');
    await act(tenant, user);
    await asOwner('UPDATE {schema}.support_access SET until = now()', [], tenant.id);
    expectProblem(await impersonate(tenant, user), 403, 'support_access_required');
  });

  it('taken back ends what operators do, within a second, and nothing else', async () => {
    const tenant = await world.tenant();
    const user = await tenant.as('viewer');
    await consent(tenant);
    const { accessToken: token } = await act(tenant, user);
    expect((await send('GET', '/v1/me', { token })).status).toBe(200);
    await tenant.admin.delete('/v1/support-access');
    expectProblem(await send('GET', '/v1/me', { token }), 401);
    expect((await user.get('/v1/me')).status).toBe(200);
  });
});

describe('an operator who acts as a user', () => {
  let tenant: TenantWorld;
  let user: Client;
  let vendor: Resource;
  beforeAll(async () => {
    tenant = await world.tenant();
    user = await tenant.as('tenant_admin');
    vendor = await tenant.vendor();
    await consent(tenant, { until: inHours(1), allowWrites: true });
  });

  it('is marked in the token, in answers, in /v1/me and among the sessions of the user', async () => {
    const { accessToken: token, sessionId, expiresIn, readOnly } = await act(tenant, user, { minutes: 5 });
    expect(readOnly).toBe(true);
    expect(expiresIn).toBeLessThanOrEqual(300);
    const claims = decode(token.split('.')[1]) as { act: object; exp: number; iat: number };
    expect(claims.act).toEqual({ sub: operator.me.id });
    expect(claims.exp - claims.iat).toBeLessThanOrEqual(300);
    const answer = await send('GET', '/v1/me', { token });
    expect(answer.headers.get('x-impersonated-by')).toBe(operator.me.id);
    const actor = { kind: 'operator', id: operator.me.id, reason: REASON, readOnly: true };
    expect(answer.body).toMatchObject({ id: user.me.id, roles: ['tenant_admin'], actor });
    expect((await user.get('/v1/me')).body).toMatchObject({ actor: null });
    expect((await user.get('/v1/me')).headers.get('x-impersonated-by')).toBeNull();
    const { data } = (await user.get('/v1/auth/sessions')).body as { data: Resource[] };
    expect(data.find(({ id }) => id === sessionId)).toMatchObject({
      current: false,
      methods: [],
      impersonation: { operatorId: operator.me.id, reason: REASON, readOnly: true },
    });
  });

  it('reads, and changes nothing unless both they and the tenant said so', async () => {
    const { accessToken: token } = await act(tenant, user);
    expect((await send('GET', `/v1/vendors/${vendor.id}`, { token })).status).toBe(200);
    const change = (as: string) =>
      send('PATCH', `/v1/vendors/${vendor.id}`, { token: as, body: { name: 'Changed' } });
    expectProblem(await change(token), 403, 'impersonation_forbidden');
    const writing = await act(tenant, user, { readOnly: false });
    expect((await change(writing.accessToken)).status).toBe(200);
  });

  it('never changes credentials, accounts, keys or the consent, though they may change things', async () => {
    const { accessToken: token, sessionId } = await act(tenant, user, { readOnly: false });
    const email = 'back@door.test';
    const attempts: [string, string, object?][] = [
      ['PUT', '/v1/auth/password', { currentPassword: 'x', newPassword: 'y' }],
      ['DELETE', `/v1/auth/sessions/${sessionId}`],
      ['PUT', '/v1/support-access', { until: inHours(24) }],
      ['DELETE', '/v1/support-access'],
      ['POST', '/v1/users', { email, name: 'B', roles: ['tenant_admin'], password: 'a long passphrase' }],
      ['PATCH', `/v1/users/${user.me.id}`, { email }],
      ['DELETE', `/v1/users/${user.me.id}/sessions`],
      ['DELETE', `/v1/users/${user.me.id}`],
    ];
    for (const [method, path, body] of attempts)
      expectProblem(await send(method, path, { token, body }), 403, 'impersonation_forbidden');
  });

  it('signs out, or is shown out by the user, or by an administrator', async () => {
    const ends: ((acting: Acting) => Promise<Answer>)[] = [
      ({ accessToken: token }) => send('POST', '/v1/auth/logout', { token }),
      ({ sessionId }) => user.delete(`/v1/auth/sessions/${sessionId}`),
      () => tenant.admin.delete(`/v1/users/${user.me.id}/sessions`),
    ];
    for (const end of ends) {
      const acting = await act(tenant, user);
      expect((await end(acting)).status).toBe(204);
      expectProblem(await send('GET', '/v1/me', { token: acting.accessToken }), 401);
    }
  });

  it('ends with the session in which the operator began it', async () => {
    const second = await Client.signIn({ email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD });
    const body = { userId: user.me.id, reason: REASON };
    const { accessToken: token } = (await second.post(`/v1/tenants/${tenant.id}/impersonation`, body))
      .body as Acting;
    const kept = await act(tenant, user);
    expect((await send('GET', '/v1/me', { token })).status).toBe(200);
    expect((await second.post('/v1/auth/logout')).status).toBe(204);
    expectProblem(await send('GET', '/v1/me', { token }), 401);
    expect((await send('GET', '/v1/me', { token: kept.accessToken })).status).toBe(200);
  });

  it('is refused for whom, why and how long it does not make sense', async () => {
    const stranger = await (await world.tenant()).as('viewer');
    expectProblem(await impersonate(tenant, stranger), 422);
    for (const wrong of [
      { reason: 'short' },
      { minutes: 61 },
      { minutes: 0 },
      { readOnly: 'no' },
      { roles: [] },
    ])
      expectProblem(await impersonate(tenant, tenant.admin, wrong), 422);
    const body = { userId: tenant.admin.me.id, reason: REASON };
    expectProblem(await tenant.admin.post(`/v1/tenants/${tenant.id}/impersonation`, body), 403);
  });

  it('is over when its time is', async () => {
    const { accessToken: token, sessionId } = await act(tenant, tenant.admin);
    await asOwner(
      `UPDATE {schema}.session SET expires_at = now() + interval '1 second' WHERE id = $1`,
      [sessionId],
      tenant.id,
    );
    await sleep(1500);
    expectProblem(await send('GET', '/v1/me', { token }), 401);
  });
});
