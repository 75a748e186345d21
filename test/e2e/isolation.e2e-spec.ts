import { makeAgent } from '../support/agents.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { send, type Answer, type Client, type Resource } from '../support/client.js';
import { expectProblem } from '../support/problem.js';
import { registerPasskey } from '../support/passkeys.js';
import { unique, world, type TenantWorld } from '../support/world.js';

/** Every route of a tenant's things that takes an id, with a body that would be right. */
const ITEM_ROUTES: readonly [method: string, path: string, body?: () => unknown][] = [
  ['GET', '/v1/vendors/{vendor}'],
  ['PATCH', '/v1/vendors/{vendor}', () => ({ name: 'Taken' })],
  ['DELETE', '/v1/vendors/{vendor}'],
  ['GET', '/v1/vendors/{vendor}/files'],
  ['POST', '/v1/vendors/{vendor}/files', form],
  ['GET', '/v1/agents/{agent}'],
  ['PATCH', '/v1/agents/{agent}', () => ({ name: 'Taken' })],
  ['DELETE', '/v1/agents/{agent}'],
  ['GET', '/v1/agents/{agent}/files'],
  ['POST', '/v1/agents/{agent}/files', form],
  ['GET', '/v1/files/{file}'],
  ['GET', '/v1/files/{file}/content'],
  ['DELETE', '/v1/files/{file}'],
  ['GET', '/v1/users/{user}'],
  ['PATCH', '/v1/users/{user}', () => ({ name: 'Taken' })],
  ['DELETE', '/v1/users/{user}'],
  ['DELETE', '/v1/users/{user}/sessions'],
  ['GET', '/v1/api-keys/{key}'],
  ['POST', '/v1/api-keys/{key}/rotate', () => ({})],
  ['DELETE', '/v1/api-keys/{key}'],
  ['GET', '/v1/signing-keys/{signing}'],
  ['DELETE', '/v1/signing-keys/{signing}'],
  ['GET', '/v1/agent-credentials/{credential}'],
  ['DELETE', '/v1/agent-credentials/{credential}'],
  ['DELETE', '/v1/users/{user}/factors'],
  ['POST', '/v1/users/{user}/unlock'],
  ['POST', '/v1/users/{user}/invitation'],
  ['DELETE', '/v1/auth/sessions/{session}'],
  ['DELETE', '/v1/auth/passkeys/{passkey}'],
];
const TENANT_WIDE = ITEM_ROUTES.filter(([, path]) => !/\{(session|passkey)\}/.test(path));
const VENDOR_WIDE = ITEM_ROUTES.filter(([method, path]) => {
  const isVendorRight = !(method === 'DELETE' && path === '/v1/vendors/{vendor}');
  return isVendorRight && !path.includes('{user}') && !/\{(session|passkey)\}/.test(path);
});

function form(): FormData {
  const data = new FormData();
  data.set('file', new Blob(['text'], { type: 'text/plain' }), 'note.txt');
  return data;
}

interface Inventory extends Record<
  'vendor' | 'agent' | 'file' | 'user' | 'key' | 'signing' | 'credential' | 'session' | 'passkey',
  string
> {
  marker: string;
}

async function furnish(tenant: TenantWorld): Promise<Inventory & { vendorUser: Client }> {
  const marker = unique('marker');
  const vendor = await tenant.vendor({ name: marker });
  const vendorUser = await tenant.vendorUser(vendor);
  const agent = await tenant.agent(vendor, { name: marker });
  const file = (await vendorUser.upload(`/v1/vendors/${vendor.id}`, `${marker}.txt`, marker))
    .body as Resource;
  await registerPasskey(vendorUser);
  const passkeys = (await vendorUser.get('/v1/auth/passkeys')).body as { data: Resource[] };
  const sessions = (await vendorUser.get('/v1/auth/sessions')).body as { data: Resource[] };
  const rights = { vendorId: vendor.id, permissions: ['agents:read:own'] };
  const key = await tenant.admin.create('/v1/api-keys', { name: marker, ...rights });
  const hmac = { name: marker, algorithm: 'hmac-sha256', vendorId: vendor.id };
  const signing = (await tenant.admin.create('/v1/signing-keys', hmac)).id;
  const { credential } = await makeAgent(tenant.admin, vendor.id, rights.permissions);
  const ids = {
    key: key.id,
    signing,
    credential: credential.id,
    vendor: vendor.id,
    agent: agent.id,
    file: file.id,
    session: sessions.data[0]!.id,
    passkey: passkeys.data[0]!.id,
  };
  return { ...ids, user: vendorUser.me.id, marker, vendorUser };
}

/** What of an answer may not tell one absent thing from another: all but what names the request itself. */
function visible(answer: Answer): unknown {
  const { instance, requestId, ...body } = answer.body as Record<string, unknown>;
  expect([typeof instance, typeof requestId]).toEqual(['string', 'string']);
  const PER_REQUEST = /^(date|x-request-id|(x-)?ratelimit.*|traceparent)$/;
  const headers = [...answer.headers].map(([name, value]) => [name, PER_REQUEST.test(name) ? '' : value]);
  return { status: answer.status, body, headers };
}

async function expectAbsent(
  caller: Client,
  [method, path, body]: (typeof ITEM_ROUTES)[number],
  theirs: Inventory,
): Promise<void> {
  const fill = (value: (what: string) => string): string =>
    path.replace(/\{(\w+)\}/, (_, what: string) => value(what));
  const foreign = await caller.send(
    method,
    fill((what) => theirs[what as keyof Inventory]),
    body?.(),
  );
  const unknown = await caller.send(
    method,
    fill(() => uuidv7()),
    body?.(),
  );
  expectProblem(foreign, 404, 'not_found');
  expect(visible(foreign)).toEqual(visible(unknown));
  expect(foreign.text).not.toContain(theirs.marker);
}

describe('isolation', () => {
  let mine: TenantWorld;
  let theirs: TenantWorld;
  let ours: Inventory & { vendorUser: Client };
  let foreign: Inventory & { vendorUser: Client };
  let sister: Inventory & { vendorUser: Client };

  beforeAll(async () => {
    [mine, theirs] = await Promise.all([world.tenant(), world.tenant()]);
    [ours, foreign, sister] = await Promise.all([furnish(mine), furnish(theirs), furnish(mine)]);
  });

  it.each(ITEM_ROUTES)('%s %s: what another tenant has does not exist for an admin', async (...route) => {
    await expectAbsent(mine.admin, route, foreign);
  });

  it.each(VENDOR_WIDE)('%s %s: what another tenant has does not exist for a vendor', async (...route) => {
    await expectAbsent(ours.vendorUser, route, foreign);
  });

  it.each(VENDOR_WIDE)('%s %s: what another vendor has does not exist for a vendor', async (...route) => {
    await expectAbsent(ours.vendorUser, route, sister);
  });

  it.each(TENANT_WIDE)(
    '%s %s: an operator is refused, whether it exists or not',
    async (...[method, path, body]) => {
      const operator = await world.operator();
      const real = path.replace(/\{(\w+)\}/, (_, what: string) => foreign[what as keyof Inventory]);
      expectProblem(await operator.send(method, real, body?.()), 403, 'forbidden');
    },
  );

  it.each(ITEM_ROUTES)('%s %s: nobody gets in without a token', async (...[method, path, body]) => {
    const real = path.replace(/\{(\w+)\}/, (_, what: string) => foreign[what as keyof Inventory]);
    const answer = await send(method, real, { body: body?.() });
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('left everything of the others as it was', async () => {
    for (const [tenant, inventory] of [
      [theirs, foreign],
      [mine, sister],
    ] as const) {
      const { vendor, agent, file, user, marker } = inventory;
      expect((await tenant.admin.get(`/v1/vendors/${vendor}`)).body).toMatchObject({ name: marker });
      expect((await tenant.admin.get(`/v1/agents/${agent}`)).body).toMatchObject({ name: marker });
      expect((await tenant.admin.get(`/v1/files/${file}/content`)).text).toBe(marker);
      expect((await tenant.admin.get(`/v1/users/${user}`)).status).toBe(200);
      expect((await inventory.vendorUser.get('/v1/me')).status).toBe(200);
    }
  });

  it('knows every route with an id that the document names', async () => {
    const { paths } = (await send('GET', '/openapi.json')).body as {
      paths: Record<string, Record<string, unknown>>;
    };
    const METHODS = ['get', 'put', 'post', 'patch', 'delete'];
    /** Tenants are the operator's; roles go by names, which the access matrix tries. */
    const ofTenants = Object.entries(paths).filter(
      ([path]) => path.includes('{') && !/^\/v1\/(tenants|roles)\//.test(path),
    );
    const named = ofTenants.flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => METHODS.includes(method))
        .map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}')}`),
    );
    const tested = ITEM_ROUTES.map(([method, path]) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((route) => !tested.includes(route))).toEqual([]);
  });
});

/** The answer, asked for again as `Retry-After` says while the server would rather refuse than keep a caller waiting. */
async function answered(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await call();
    if (answer.status !== 503) return answer;
    expectProblem(answer, 503, 'overloaded');
    await sleep(Number(answer.headers.get('retry-after')) * 1000);
  }
}

describe('isolation under overlap', () => {
  const TENANTS = 20;
  const REQUESTS = 400;

  it('gives each of 400 overlapping requests of 20 tenants its own data only', async () => {
    const callers: { tenant: TenantWorld; marker: string; vendor: Resource }[] = [];
    for (let index = 0; index < TENANTS; index++) {
      const tenant = await world.tenant();
      const marker = unique('marker');
      callers.push({ tenant, marker, vendor: await tenant.vendor({ name: marker, tags: [marker] }) });
    }
    const answers: { marker: string; answer: Answer }[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < REQUESTS; index = next++) {
        const { tenant, marker, vendor } = callers[index % TENANTS]!;
        const calls = [
          () => tenant.admin.get('/v1/vendors'),
          () => tenant.admin.get(`/v1/vendors/${vendor.id}`),
          () => tenant.admin.patch(`/v1/vendors/${vendor.id}`, { legalName: marker }),
          () => tenant.admin.get(`/v1/vendors?q=${marker}`),
        ];
        answers.push({ marker, answer: await answered(calls[Math.floor(index / TENANTS) % calls.length]!) });
      }
    };
    await Promise.all(Array.from({ length: REQUESTS }, work));
    expect(answers).toHaveLength(REQUESTS);
    for (const { marker, answer } of answers) {
      expect([answer.status, answer.text]).toEqual([200, expect.stringContaining(marker)]);
      const markers = answer.text.match(/marker-[0-9a-f]{12}/g) ?? [];
      expect(new Set(markers)).toEqual(new Set([marker]));
    }
  }, 180_000);
});
