import { setTimeout as sleep } from 'node:timers/promises';
import { Vendor } from '../../src/features/vendors/vendor.entity.js';
import { send, type Answer, type Client } from '../support/client.js';
import { sharedDatabase } from '../support/database.js';
import { openEngine, type Engine } from '../support/engine.js';
import { expectProblem } from '../support/problem.js';
import { startServer, type RunningServer } from '../support/server.js';
import { unique, world, type TenantWorld } from '../support/world.js';

let operator: Client;
beforeAll(async () => {
  operator = await world.operator();
});

const suspend = (tenant: TenantWorld, body?: object): Promise<Answer> =>
  operator.post(`/v1/tenants/${tenant.id}/suspend`, body);
const resume = (tenant: TenantWorld): Promise<Answer> => operator.post(`/v1/tenants/${tenant.id}/resume`);
const newVendor = () => ({ name: unique('Vendor'), contactEmail: 'v@ringfence.test' });
const newUser = (tenant: TenantWorld, more: object = {}) => ({
  email: `${unique('u')}@${tenant.slug}.test`,
  name: 'U',
  roles: ['tenant_admin'],
  ...more,
});

describe('a suspension', () => {
  it('says how, why and since when, and is gone after resuming', async () => {
    const tenant = await world.tenant();
    const of = async () => (await operator.get(`/v1/tenants/${tenant.id}`)).body as Record<string, unknown>;
    expect(await of()).toMatchObject({ status: 'active', suspension: null });
    expect((await suspend(tenant)).body).toMatchObject({
      status: 'suspended',
      suspension: { mode: 'blocked', reason: null, since: expect.stringMatching(/Z$/) as string },
    });
    const answer = await suspend(tenant, { mode: 'read_only', reason: 'unpaid' });
    const suspension = { mode: 'read_only', reason: 'unpaid', since: expect.any(String) as string };
    expect(answer.body).toMatchObject({ status: 'suspended', suspension });
    expect((await resume(tenant)).body).toMatchObject({ status: 'active', suspension: null });
    expectProblem(await suspend(tenant, { mode: 'asleep' }), 422);
    expectProblem(await suspend(tenant, { because: 'x' }), 422);
    expectProblem(await tenant.admin.post(`/v1/tenants/${tenant.id}/suspend`), 403);
  });

  it('that blocks refuses tokens, refreshing, signing in and invitations', async () => {
    const tenant = await world.tenant();
    const password = unique('Passphrase of');
    const { email } = await tenant.admin.create<{ email: string; id: string }>(
      '/v1/users',
      newUser(tenant, { password }),
    );
    const invited = await tenant.admin.create<{ invitation: { token: string } }>(
      '/v1/users',
      newUser(tenant),
    );
    await suspend(tenant);
    const accept = { token: invited.invitation.token, password: unique('Passphrase of') };
    const attempts = [
      tenant.admin.get('/v1/me'),
      tenant.admin.post('/v1/vendors', newVendor()),
      send('POST', '/v1/auth/refresh', { body: { refreshToken: tenant.admin.refreshToken } }),
      send('POST', '/v1/auth/login', { body: { tenant: tenant.slug, email, password } }),
      send('POST', '/v1/invitations/accept', { body: accept }),
    ];
    for (const answer of await Promise.all(attempts)) expectProblem(answer, 403, 'tenant_suspended');
    await resume(tenant);
    expect((await tenant.admin.get('/v1/me')).status).toBe(200);
    expect((await send('POST', '/v1/invitations/accept', { body: accept })).status).toBe(200);
  });

  it('that is read-only lets people sign in, read and sign out, and change nothing', async () => {
    const tenant = await world.tenant();
    const vendor = await tenant.vendor();
    const password = unique('Passphrase of');
    const { email } = await tenant.admin.create<{ email: string; id: string }>(
      '/v1/users',
      newUser(tenant, { password }),
    );
    const invited = await tenant.admin.create<{ invitation: { token: string } }>(
      '/v1/users',
      newUser(tenant),
    );
    const leaver = await tenant.as('viewer');
    await suspend(tenant, { mode: 'read_only' });

    const login = await send('POST', '/v1/auth/login', { body: { tenant: tenant.slug, email, password } });
    expect(login.status).toBe(200);
    const { accessToken: token, refreshToken } = login.body as { accessToken: string; refreshToken: string };
    for (const path of ['/v1/me', '/v1/vendors', `/v1/vendors/${vendor.id}`, '/v1/usage'])
      expect((await send('GET', path, { token })).status).toBe(200);
    expect((await send('HEAD', '/v1/vendors', { token })).status).toBe(200);
    expect((await send('POST', '/v1/auth/refresh', { body: { refreshToken } })).status).toBe(200);
    expect((await leaver.post('/v1/auth/logout')).status).toBe(204);
    expectProblem(await leaver.get('/v1/me'), 401);

    const accept = { token: invited.invitation.token, password: unique('Passphrase of') };
    const writes = [
      send('POST', '/v1/vendors', { token, body: newVendor() }),
      send('PATCH', `/v1/vendors/${vendor.id}`, { token, body: { name: 'Other' } }),
      send('DELETE', `/v1/vendors/${vendor.id}`, { token }),
      send('POST', '/v1/agents', { token, body: { vendorId: vendor.id, name: 'A', kind: 'human' } }),
      tenant.admin.upload(`/v1/vendors/${vendor.id}`, 'note.txt', 'text'),
      send('PUT', '/v1/auth/password', { token, body: { currentPassword: password, newPassword: password } }),
      send('POST', '/v1/invitations/accept', { body: accept }),
    ];
    for (const answer of await Promise.all(writes)) expectProblem(answer, 403, 'tenant_read_only');

    await resume(tenant);
    expect((await tenant.admin.patch(`/v1/vendors/${vendor.id}`, { name: 'Other' })).status).toBe(200);
  });
});

describe('a read-only binding', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine();
  });
  afterAll(() => engine.end());

  it('cannot write in PostgreSQL itself, and leaves the connection fit for those who can', async () => {
    const { context } = engine;
    const binding = await engine.newTenant(0);
    const facts = { contactEmail: 'v@ringfence.test', status: 'active' as const, tags: [] };
    const write = (readOnly: boolean) =>
      context.run({ ...binding, readOnly }, () =>
        context.manager.insert(Vendor, { ...facts, id: crypto.randomUUID(), name: 'V' }),
      );
    const count = (readOnly: boolean) =>
      context.run({ ...binding, readOnly }, () => context.manager.count(Vendor));
    for (let round = 1; round <= 3; round++) {
      await write(false);
      await expect(write(true)).rejects.toMatchObject({ code: '25006' });
      expect([await count(true), await count(false)]).toEqual([round, round]);
    }
  });
});

describe('two servers on one database', () => {
  let second: RunningServer;
  beforeAll(async () => {
    const { url, masterKey } = await sharedDatabase();
    second = await startServer({ DATABASE_URL: url, MASTER_KEY: masterKey.toString('base64') });
  }, 60_000);
  afterAll(async () => {
    await second.stop();
  });

  /** How long after the change the server keeps answering otherwise, in milliseconds. */
  async function delay(ask: () => Promise<Answer>, status: number, since: number): Promise<number> {
    while (performance.now() - since < 3000) {
      if ((await ask()).status === status) return performance.now() - since;
      await sleep(20);
    }
    throw new Error(`it never became ${status}`);
  }

  it('both feel a suspension and its end within a second, for the tokens of either', async () => {
    const tenant = await world.tenant();
    const password = unique('Passphrase of');
    const { email } = await tenant.admin.create<{ email: string }>(
      '/v1/users',
      newUser(tenant, { password }),
    );
    const login = await send('POST', `${second.url}/v1/auth/login`, {
      body: { tenant: tenant.slug, email, password },
    });
    expect(login.status).toBe(200);
    const tokens = [tenant.admin.token, (login.body as { accessToken: string }).accessToken];
    const servers = ['', second.url];
    const asks = tokens.flatMap((token) =>
      servers.flatMap((server) => [
        () => send('GET', `${server}/v1/vendors`, { token }),
        () => send('POST', `${server}/v1/vendors`, { token, body: newVendor() }),
      ]),
    );
    const [gets, posts] = [asks.filter((_, n) => n % 2 === 0), asks.filter((_, n) => n % 2 === 1)];
    for (const ask of asks) expect((await ask()).status).toBeLessThan(300);

    const steps: [() => Promise<Answer>, number, number][] = [
      [() => suspend(tenant, { mode: 'read_only' }), 200, 403],
      [() => suspend(tenant), 403, 403],
      [() => resume(tenant), 200, 201],
    ];
    for (const [change, read, write] of steps) {
      for (const ask of asks) await ask();
      expect((await change()).status).toBe(200);
      const since = performance.now();
      const delays = await Promise.all([
        ...gets.map((ask) => delay(ask, read, since)),
        ...posts.map((ask) => delay(ask, write, since)),
      ]);
      expect(Math.max(...delays)).toBeLessThan(1000);
    }
  });
});
