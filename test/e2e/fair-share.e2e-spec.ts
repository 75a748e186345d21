import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TenantShares } from '../../src/platform/tenancy/shares/tenant-shares.js';
import { serverUrl, type Answer, type Client } from '../support/client.js';
import { expectProblem } from '../support/problem.js';
import { unique, world, type TenantWorld } from '../support/world.js';

interface Usage {
  policy: Record<string, number>;
  usage: Record<string, number>;
}

let operator: Client;
beforeAll(async () => {
  operator = await world.operator();
});

const allot = async (tenant: TenantWorld, policy: Record<string, unknown>): Promise<Answer> => {
  const answer = await operator.patch(`/v1/tenants/${tenant.id}`, { policy });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer;
};
const usageOf = async (tenant: TenantWorld): Promise<Usage> =>
  (await operator.get(`/v1/tenants/${tenant.id}/usage`)).body as Usage;
const statuses = (answers: readonly Answer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length;
const newVendor = () => ({ name: unique('Vendor'), contactEmail: 'v@ringfence.test' });
const newUser = () => ({
  email: `${unique('u')}@ringfence.test`,
  name: 'U',
  roles: ['viewer'],
  password: unique('Passphrase of'),
});

describe('the policy of a tenant', () => {
  it('holds deviations alone; null takes the default again', async () => {
    const tenant = await world.tenant();
    const none = {
      concurrentRequests: null,
      requestsPerMinute: null,
      storageBytes: null,
      users: null,
      vendors: null,
      agents: null,
    };
    expect((await operator.get(`/v1/tenants/${tenant.id}`)).body).toMatchObject({ policy: none });
    const { policy: defaults } = await usageOf(tenant);
    expect(defaults).toMatchObject({ users: 1000, vendors: 10_000, agents: 50_000 });

    const changed = await allot(tenant, { vendors: 7, agents: 0 });
    expect(changed.body).toMatchObject({ policy: { ...none, vendors: 7, agents: 0 } });
    expect((await usageOf(tenant)).policy).toEqual({ ...defaults, vendors: 7, agents: 0 });

    expect((await allot(tenant, { vendors: null })).body).toMatchObject({ policy: { ...none, agents: 0 } });
    expect((await usageOf(tenant)).policy).toEqual({ ...defaults, agents: 0 });
  });

  it.each([
    { vendors: -1 },
    { vendors: 1.5 },
    { vendors: '7' },
    { users: 0 },
    { requestsPerMinute: 0 },
    { tea: 1 },
  ])('cannot be %j', async (policy) => {
    const tenant = await world.tenant();
    expectProblem(await operator.patch(`/v1/tenants/${tenant.id}`, { policy }), 422, 'validation_failed');
  });

  it('and the usage are shown to operators, and to administrators of the tenant itself', async () => {
    const tenant = await world.tenant();
    const vendor = await tenant.vendor();
    await tenant.agent(vendor);
    await tenant.admin.upload(`/v1/vendors/${vendor.id}`, 'note.txt', '12345');
    const usage = { storageBytes: 5, users: 1, vendors: 1, agents: 1 };
    const seen = await usageOf(tenant);
    expect(seen.usage).toMatchObject({ ...usage, concurrentRequests: 0 });
    expect(seen.usage['requestsLastMinute']).toBeGreaterThanOrEqual(4);
    expect((await tenant.admin.get('/v1/usage')).body).toMatchObject({ policy: seen.policy, usage });
    expectProblem(await (await tenant.as('viewer')).get('/v1/usage'), 403);
    expectProblem(await tenant.admin.get(`/v1/tenants/${tenant.id}/usage`), 403);
    expectProblem(await operator.get('/v1/usage'), 403);
  });
});

describe('a quota', () => {
  it.each(['vendors', 'users', 'agents'])(
    'of 10 %s lets exactly 10 of 20 parallel creations in',
    async (kind) => {
      const tenant = await world.tenant();
      const vendor = kind === 'agents' ? await tenant.vendor() : undefined;
      await allot(tenant, { [kind]: 10 });
      const body = () =>
        ({
          vendors: newVendor,
          users: newUser,
          agents: () => ({ vendorId: vendor?.id, name: 'A', kind: 'human' }),
        })[kind]!();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => tenant.admin.post(`/v1/${kind}`, body())),
      );
      // The tenant's administrator is a user as well.
      expect(statuses(answers, 201)).toBe(kind === 'users' ? 9 : 10);
      const refused = answers.filter(({ status }) => status !== 201);
      for (const answer of refused) {
        expectProblem(answer, 403, 'quota_exceeded');
        expect(answer.body).toMatchObject({ detail: `This tenant may have at most 10 ${kind}.` });
      }
      expect((await usageOf(tenant)).usage[kind]).toBe(10);
    },
  );

  it('of storage counts whole uploads, and keeps no byte of a refused one', async () => {
    const tenant = await world.tenant();
    const vendor = await tenant.vendor();
    await allot(tenant, { storageBytes: 100 });
    const upload = (bytes: number) =>
      tenant.admin.upload(`/v1/vendors/${vendor.id}`, 'note.txt', 'x'.repeat(bytes));
    const answers = await Promise.all(Array.from({ length: 20 }, () => upload(10)));
    expect(statuses(answers, 201)).toBe(10);
    expect(statuses(answers, 403)).toBe(10);
    expectProblem(await upload(1), 403, 'quota_exceeded');
    const file = answers.find(({ status }) => status === 201)!.body as { id: string };
    expect((await tenant.admin.delete(`/v1/files/${file.id}`)).status).toBe(204);
    expectProblem(await upload(11), 403, 'quota_exceeded');
    expect((await upload(10)).status).toBe(201);
    expect((await usageOf(tenant)).usage['storageBytes']).toBe(100);
  });
});

describe('the rate of a tenant', () => {
  it('is shared by its callers, refused with its name, and no matter of its neighbour', async () => {
    const [tenant, neighbour] = [await world.tenant(), await world.tenant()];
    const viewer = await tenant.as('viewer');
    const { usage } = await usageOf(tenant);
    const limit = usage['requestsLastMinute']! + 6;
    await allot(tenant, { requestsPerMinute: limit });
    const first = await viewer.get('/v1/vendors');
    expect(first.headers.get('ratelimit-policy')).toContain(`"tenant";q=${limit};w=60`);
    expect(first.headers.get('ratelimit-policy')).toMatch(
      /"tenant-concurrency";q=\d+;qu="concurrent-requests"/,
    );
    expect(first.headers.get('ratelimit')).toMatch(/"tenant";r=5;t=\d+, "tenant-concurrency";r=\d+/);

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? viewer : tenant.admin).get('/v1/vendors')),
    );
    expect([statuses(answers, 200), statuses(answers, 429)]).toEqual([5, 15]);
    const refused = await tenant.admin.get('/v1/vendors');
    expectProblem(refused, 429, 'rate_limited');
    expect(refused.body).toMatchObject({ violatedPolicies: ['tenant'] });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit')).toMatch(/"tenant";r=0;t=\d+/);
    expect((await neighbour.admin.get('/v1/vendors')).status).toBe(200);

    await allot(tenant, { requestsPerMinute: null });
    expect((await tenant.admin.get('/v1/vendors')).status).toBe(200);
  });
});

describe('the concurrency of a tenant', () => {
  it('is bounded, refused with its name, and free again afterwards', async () => {
    const [tenant, neighbour] = [await world.tenant(), await world.tenant()];
    await allot(tenant, { concurrentRequests: 3 });
    const many = Array.from({ length: 40 }, () => tenant.admin.get('/v1/vendors'));
    const [others, ...answers] = await Promise.all([neighbour.admin.get('/v1/vendors'), ...many]);
    expect(others.status).toBe(200);
    expect(statuses(answers, 200)).toBeGreaterThanOrEqual(3);
    const refused = answers.find(({ status }) => status === 429)!;
    expectProblem(refused, 429, 'rate_limited');
    expect(refused.body).toMatchObject({ violatedPolicies: ['tenant-concurrency'] });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('ratelimit-policy')).toContain(
      '"tenant-concurrency";q=3;qu="concurrent-requests"',
    );
    expect((await usageOf(tenant)).usage['concurrentRequests']).toBe(0);
  });

  it('is given back after errors, and by callers who hang up in the middle', async () => {
    const tenant = await world.tenant();
    await allot(tenant, { concurrentRequests: 3 });
    const { hostname, port } = new URL(serverUrl());
    const vendor = await tenant.vendor();
    const sockets = Array.from({ length: 3 }, () => connect(Number(port), hostname));
    for (const socket of sockets) {
      await once(socket, 'connect');
      // The body never comes, so the upload waits with its place taken.
      socket.write(
        `POST /v1/vendors/${vendor.id}/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.admin.token}\r\n` +
          'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\n',
      );
    }
    await until(async () => (await usageOf(tenant)).usage['concurrentRequests'] === 3);
    expectProblem(await tenant.admin.get('/v1/vendors'), 429, 'rate_limited');
    for (const socket of sockets) socket.destroy();
    await until(async () => (await usageOf(tenant)).usage['concurrentRequests'] === 0);
    for (let n = 0; n < 10; n++) {
      expectProblem(await tenant.admin.get('/v1/vendors/none'), 404);
      expectProblem(await tenant.admin.post('/v1/vendors', { name: 5 }), 422);
    }
    expect((await usageOf(tenant)).usage['concurrentRequests']).toBe(0);
  });
});

describe('shares', () => {
  const limits = { concurrentRequests: 2, requestsPerMinute: 3 };

  it('start anew each minute, and are released once', () => {
    let now = 0;
    const shares = new TenantShares(() => now);
    const use = () => shares.admit('a', limits)();
    use();
    use();
    use();
    expect(use).toThrow('Too many requests');
    expect(shares.usageOf('a').requestsLastMinute).toBe(3);
    now = 90_000;
    expect(shares.usageOf('a').requestsLastMinute).toBe(2);
    const release = shares.admit('a', limits);
    release();
    release();
    expect(shares.usageOf('a').concurrentRequests).toBe(0);
  });

  it('count who is being looked up, so that a flood costs no query', async () => {
    const shares = new TenantShares(() => 0);
    let lookUps = 0;
    const enter = () => shares.whileEntering('a', limits, async () => sleep(5, ++lookUps));
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, enter));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(lookUps).toBe(2);
    await expect(enter()).resolves.toBe(3);
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await isSo()) return;
    await sleep(30);
  }
  throw new Error('it did not become so within 3 s');
}
