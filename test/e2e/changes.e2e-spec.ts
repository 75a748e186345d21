import { setTimeout as sleep } from 'node:timers/promises';
import { addAda, login, NEXT_PASSWORD, PASSWORD, signIn, type Credentials } from '../support/auth.js';
import { send } from '../support/client.js';
import { asOwner } from '../support/database.js';
import { startServer, type RunningServer } from '../support/server.js';
import { openSocketProxy, type SocketProxy } from '../support/socket-proxy.js';
import { world, type TenantWorld } from '../support/world.js';

const PROMISED_MS = 1000;

/** A second server on the database of the shared one, over a way that can be cut. */
let proxy: SocketProxy;
let second: RunningServer;
beforeAll(async () => {
  proxy = await openSocketProxy();
  second = await startServer(proxy.env);
}, 90_000);
afterAll(async () => {
  await second.stop();
  proxy.close();
});

interface Stage {
  tenant: TenantWorld;
  ada: Credentials & { id: string };
  /** Ada's, known to both servers. */
  token: string;
}

const meAt = (url: string, token: string) => send('GET', `${url}/v1/me`, { token });

async function stage(): Promise<Stage> {
  const tenant = await world.tenant();
  const ada = await addAda(tenant);
  const { accessToken: token } = await signIn(ada);
  return { tenant, ada, token };
}

/** Makes both servers remember the caller. */
async function beKnown(token: string): Promise<void> {
  for (let times = 0; times < 3; times++)
    for (const url of ['', second.url]) expect((await meAt(url, token)).status).toBe(200);
}

/** Asks the second server until it answers as it should; no request begun a second after the change may be served otherwise. */
async function expectFelt(token: string, isRight: (answer: { status: number; body: unknown }) => boolean) {
  const since = performance.now();
  for (let askedAt = 0; askedAt < 10 * PROMISED_MS; await sleep(20)) {
    askedAt = performance.now() - since;
    const answer = await meAt(second.url, token);
    if (isRight(answer)) return;
    expect(askedAt).toBeLessThan(PROMISED_MS);
  }
}

const isOut = ({ status }: { status: number }): boolean => status === 401;
const ok = async (answer: Promise<{ status: number }>): Promise<void> =>
  expect((await answer).status).toBeLessThan(300);

/** What ends or changes a caller, made at the first server. */
const CHANGES: Record<string, (on: Stage) => Promise<void>> = {
  'logging out': ({ token }) => ok(send('POST', '/v1/auth/logout', { token })),
  'ending it by another session': async ({ ada, token }) => {
    const { accessToken } = await signIn(ada);
    const { body } = await send('GET', '/v1/auth/sessions', { token });
    const { id } = (body as { data: { id: string; current: boolean }[] }).data.find((one) => one.current)!;
    await ok(send('DELETE', `/v1/auth/sessions/${id}`, { token: accessToken }));
  },
  'another password': async ({ ada }) => {
    const { accessToken: token } = await signIn(ada);
    const body = { currentPassword: PASSWORD, newPassword: NEXT_PASSWORD };
    await ok(send('PUT', '/v1/auth/password', { token, body }));
  },
  'disabling the user': ({ tenant, ada }) =>
    ok(tenant.admin.patch(`/v1/users/${ada.id}`, { status: 'disabled' }, { 'if-match': '*' })),
  'removing the user': ({ tenant, ada }) =>
    ok(tenant.admin.delete(`/v1/users/${ada.id}`, { 'if-match': '*' })),
  'taking off all second factors': ({ tenant, ada }) =>
    ok(tenant.admin.delete(`/v1/users/${ada.id}/factors`)),
  'ending all sessions of the user': ({ tenant, ada }) =>
    ok(tenant.admin.delete(`/v1/users/${ada.id}/sessions`)),
};

describe('on another node, within a second,', () => {
  it.each(Object.keys(CHANGES))('%s ends the session', async (name) => {
    const on = await stage();
    await beKnown(on.token);
    await CHANGES[name]!(on);
    await expectFelt(on.token, isOut);
    expect((await meAt('', on.token)).status).toBe(401);
  });

  it('a refresh token used twice ends the session', async () => {
    const { ada } = await stage();
    const { accessToken, refreshToken } = await signIn(ada);
    await beKnown(accessToken);
    const refresh = () => send('POST', '/v1/auth/refresh', { body: { refreshToken } });
    expect((await refresh()).status).toBe(200);
    expect((await refresh()).status).toBe(401);
    await expectFelt(accessToken, isOut);
  });

  it('another role counts, and so does the loss of the vendor', async () => {
    const { tenant, ada, token } = await stage();
    const vendor = await tenant.vendor();
    await beKnown(token);
    const facts = { roles: ['vendor'], vendorId: vendor.id };
    await ok(tenant.admin.patch(`/v1/users/${ada.id}`, facts, { 'if-match': '*' }));
    await expectFelt(token, ({ body }) => (body as { vendorId: unknown }).vendorId === vendor.id);
    await ok(tenant.admin.delete(`/v1/vendors/${vendor.id}`));
    await expectFelt(token, ({ body }) => (body as { vendorId: unknown }).vendorId === null);
  });

  it("what the tenant's own role grants counts", async () => {
    const tenant = await world.tenant();
    const name = 'helper';
    await tenant.admin.create('/v1/roles', { name, permissions: ['agents:read:any'] });
    const { accessToken: token } = await signIn(await addAda(tenant, { roles: [name] }));
    await beKnown(token);
    const permissions = ['vendors:read:any'];
    await ok(tenant.admin.patch(`/v1/roles/${name}`, { permissions }, { 'if-match': '*' }));
    await expectFelt(token, ({ body }) =>
      (body as { permissions: string[] }).permissions.includes(permissions[0]!),
    );
  });

  it('a suspension of the tenant counts', async () => {
    const { tenant, token } = await stage();
    await beKnown(token);
    await ok((await world.operator()).post(`/v1/tenants/${tenant.id}/suspend`));
    await expectFelt(token, ({ status }) => status === 403);
  });
});

describe('a node that cannot hear', () => {
  const FAILURES: Record<string, () => Promise<void>> = {
    'because its connection was killed': async () => {
      await asOwner(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%_changes'`,
      );
    },
    'although its connection looks alive': () => Promise.resolve(proxy.silence()),
  };
  it.each(Object.keys(FAILURES))('%s, still feels that a session ended within a second', async (failure) => {
    try {
      const { token } = await stage();
      await beKnown(token);
      await FAILURES[failure]!();
      await ok(send('POST', '/v1/auth/logout', { token }));
      await expectFelt(token, isOut);
    } finally {
      proxy.heal();
    }
  });

  it('serves all the same, and remembers again once it hears', async () => {
    proxy.silence();
    const { ada, token } = await stage();
    for (let times = 0; times < 5; times++) {
      await ok(meAt(second.url, token));
      await ok(login(ada, second));
      await sleep(300);
    }
    proxy.heal();
    for (let times = 0; times < 5; times++) {
      await ok(meAt(second.url, token));
      await sleep(300);
    }
    await ok(send('POST', '/v1/auth/logout', { token }));
    await expectFelt(token, isOut);
  });
});
