import { setTimeout as sleep } from 'node:timers/promises';
import { send, type Client } from '../support/client.js';
import { startServer, type RunningServer } from '../support/server.js';
import { SteadyWrites } from '../support/steady-writes.js';
import { until } from '../support/until.js';
import { Cluster, type Node, type ShardedTenant } from './cluster.js';

const cluster = new Cluster(process.env.CITUS_URL!);

beforeAll(() => cluster.serve());
afterAll(() => cluster.close());

describe('a tenant that is moved to another node while it is written to', () => {
  let tenant: ShardedTenant;
  let writes: SteadyWrites;
  let to: Node;

  beforeAll(async () => {
    tenant = await cluster.tenant();
    const [from] = await cluster.placesOf(tenant.schema);
    to = (await cluster.nodes()).find(({ host, port }) => host !== from!.host || port !== from!.port)!;
    writes = SteadyWrites.begin(tenant);
    await writes.more(1);
  });

  beforeAll(() => cluster.move(tenant.schema, to, 'force_logical'));

  beforeAll(async () => {
    await writes.more(10);
    await writes.end();
  });

  it('loses no write that was acknowledged, and is written to on the other node', async () => {
    expect(await cluster.placesOf(tenant.schema)).toEqual([to]);
    const rows = await cluster.ask<{ id: string }>(`SELECT id FROM ${tenant.schema}.vendor`);
    const ids = new Set(rows.map(({ id }) => id));
    expect(writes.made.filter((id) => !ids.has(id))).toEqual([]);
  });

  it('refuses nothing but for the moment of the change, with a time to come again', () => {
    for (const { status, headers } of writes.refused) {
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect(writes.made.length).toBeGreaterThan(writes.refused.length);
  });
});

describe('callers of a tenant on a node', () => {
  let tenant: ShardedTenant;
  let user: Client;
  let other: RunningServer;
  let place: Node;

  const answers = async (): Promise<number[]> =>
    Promise.all(
      [cluster.server, other].map(
        async ({ url }) => (await send('GET', `${url}/v1/me`, { token: user.token })).status,
      ),
    );
  const become = (status: 'active' | 'disabled'): Promise<unknown> =>
    cluster.ask(
      `UPDATE ${tenant.schema}."user" SET locked_at = ${status === 'active' ? 'NULL' : 'now()'} WHERE id = $1`,
      [user.me.id],
    );

  beforeAll(async () => {
    other = await startServer(cluster.environment);
    tenant = await cluster.tenant();
    user = await tenant.as('viewer');
    [place] = (await cluster.placesOf(tenant.schema)) as [Node];
  });

  afterAll(() => other.stop());

  it('are remembered on every server, which hears what is announced at that node', async () => {
    await until(async () => {
      await become('active');
      await answers();
      await become('disabled');
      return (await answers()).join() === '200,200';
    });
    await cluster.ask(`SELECT pg_notify('ringfence_changes', 'anything')`, [], place);
    await until(async () => (await answers()).join() === '401,401');
    await become('active');
    expect(await answers()).toEqual([200, 200]);
  });

  it('are refused by every server within a second once they are shut out by one', async () => {
    const path = `/v1/users/${user.me.id}`;
    const etag = (await tenant.admin.get(path)).headers.get('etag')!;
    expect((await tenant.admin.patch(path, { status: 'disabled' }, { 'if-match': etag })).status).toBe(200);
    await sleep(1000);
    expect(await answers()).toEqual([401, 401]);
  });
});

describe('a node that is away', () => {
  it('costs its own tenants a 503 with Retry-After, nobody else, and serves again by itself', async () => {
    const [one, another] = [await cluster.tenant(), await cluster.tenant()];
    const [place] = await cluster.placesOf(one.schema);
    expect(await cluster.placesOf(another.schema)).not.toEqual([place]);
    await cluster.takeAway(place!);
    try {
      await until(async () => (await one.admin.get('/v1/vendors')).status === 503);
      expect((await one.admin.get('/v1/vendors')).headers.get('retry-after')).toMatch(/^\d+$/);
      for (let count = 0; count < 3; count++) await another.vendor();
      const ready = await send('GET', '/health/ready');
      expect(ready.status).toBe(200);
      expect(ready.text).toContain('"tenantDatabasesAway":1');
    } finally {
      await cluster.bringBack(place!);
    }
    await until(async () => (await one.admin.get('/v1/vendors')).status === 200);
    await one.vendor();
    expect((await send('GET', '/health/ready')).text).not.toContain('tenantDatabasesAway');
  });
});
