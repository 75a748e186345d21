import { setTimeout as sleep } from 'node:timers/promises';
import { BINDING_MODES } from '../support/bindings.js';
import { BoundServer } from '../support/bound-server.js';
import { type Answer, type Client, type Resource, talkTo } from '../support/client.js';
import { expectProblem } from '../support/problem.js';
import { unique, world, type TenantWorld } from '../support/world.js';

const TENANTS = 20;
const REQUESTS = 50;
/** Of one tenant at a time. */
const OVERLAPPING = 3;

const idsOf = (answer: Answer): string[] => (answer.body as { data: Resource[] }).data.map(({ id }) => id);

interface Supplier {
  tenant: TenantWorld;
  vendor: Resource;
  user: Client;
  agent: Resource;
  file: Resource;
}

async function supply(): Promise<Supplier> {
  const tenant = await world.tenant();
  const vendor = await tenant.vendor();
  const user = await tenant.vendorUser(vendor);
  const agent = await tenant.agent(vendor);
  const file = (await user.upload(`/v1/agents/${agent.id}`, 'note.txt', `for ${vendor.id}`)).body as Resource;
  return { tenant, vendor, user, agent, file };
}

/** Asks, and leaves after so many milliseconds; null when the caller left before the answer. */
async function impatiently(url: string, token: string, ms: number): Promise<number | null> {
  const signal = AbortSignal.timeout(ms);
  return fetch(url, { signal, headers: { authorization: `Bearer ${token}` } }).then(
    (answer) =>
      answer.arrayBuffer().then(
        () => answer.status,
        () => null,
      ),
    () => null,
  );
}

describe.each(BINDING_MODES)('a server that binds by %s', (mode) => {
  let bound: BoundServer;
  let suppliers: [Supplier, Supplier];
  beforeAll(async () => {
    bound = await BoundServer.start(mode);
    talkTo(bound.server);
    world.forgetOperator();
    suppliers = [await supply(), await supply()];
  }, 90_000);
  afterAll(async () => {
    expect(await bound.stop()).toBe(0);
  });

  it('serves vendors, agents and files: made, read, changed, removed', async () => {
    for (const { tenant, vendor, user, agent, file } of suppliers) {
      expect(user.me).toMatchObject({ tenant: { id: tenant.id }, vendorId: vendor.id, roles: ['vendor'] });
      const read = await tenant.admin.get(`/v1/vendors/${vendor.id}`);
      expect(read.body).toMatchObject({ id: vendor.id, name: vendor.name });
      const name = unique('Renamed');
      const changed = await tenant.admin.patch(
        `/v1/vendors/${vendor.id}`,
        { name },
        { 'if-match': read.headers.get('etag')! },
      );
      expect(changed.body).toMatchObject({ id: vendor.id, name });
      expect(idsOf(await user.get('/v1/agents'))).toEqual([agent.id]);
      expect((await user.get(`/v1/files/${file.id}/content`)).text).toBe(`for ${vendor.id}`);
      const extra = await tenant.vendor();
      expect((await tenant.admin.delete(`/v1/vendors/${extra.id}`, { 'if-match': '*' })).status).toBe(204);
      expectProblem(await tenant.admin.get(`/v1/vendors/${extra.id}`), 404);
    }
  });

  it('answers 404 to the ids of another tenant, for reading and for writing', async () => {
    for (const [mine, theirs] of [suppliers, suppliers.toReversed()] as [Supplier, Supplier][]) {
      const { admin } = mine.tenant;
      for (const path of [
        `/v1/vendors/${theirs.vendor.id}`,
        `/v1/agents/${theirs.agent.id}`,
        `/v1/files/${theirs.file.id}`,
        `/v1/files/${theirs.file.id}/content`,
        `/v1/users/${theirs.user.me.id}`,
      ])
        expectProblem(await admin.get(path), 404);
      for (const path of [`/v1/vendors/${theirs.vendor.id}`, `/v1/agents/${theirs.agent.id}`]) {
        expectProblem(await admin.patch(path, { name: 'Taken' }, { 'if-match': '*' }), 404);
        expectProblem(await admin.delete(path, { 'if-match': '*' }), 404);
      }
      expect(idsOf(await admin.get('/v1/vendors'))).toEqual([mine.vendor.id]);
    }
  });

  it('refuses a tenant that is suspended at once, and serves it again when that ends', async () => {
    const [{ tenant }] = suppliers;
    const operator = await world.operator();
    await operator.post(`/v1/tenants/${tenant.id}/suspend`, { mode: 'blocked', reason: 'a test' });
    await sleep(1000);
    expectProblem(await tenant.admin.get('/v1/vendors'), 403);
    await operator.post(`/v1/tenants/${tenant.id}/resume`);
    await operator.post(`/v1/tenants/${tenant.id}/suspend`, { mode: 'read_only', reason: 'a test' });
    await sleep(1000);
    expect((await tenant.admin.get('/v1/vendors')).status).toBe(200);
    expectProblem(await tenant.admin.post('/v1/vendors', { name: 'x', contactEmail: 'x@example.com' }), 403);
    await operator.post(`/v1/tenants/${tenant.id}/resume`);
    await sleep(1000);
    expect((await tenant.admin.get('/v1/vendors')).status).toBe(200);
  });

  it('shows nobody another’s, through many overlapping requests with errors and callers who leave', async () => {
    const callers: { tenant: TenantWorld; vendor: Resource }[] = [];
    for (let n = 0; n < TENANTS; n++) {
      const tenant = await world.tenant();
      callers.push({ tenant, vendor: await tenant.vendor() });
    }
    let [answered, left] = [0, 0];
    const ask = async (index: number, number: number): Promise<void> => {
      const { tenant, vendor } = callers[index]!;
      const { admin } = tenant;
      const { vendor: foreign } = callers[(index + 1 + (number % (TENANTS - 1))) % TENANTS]!;
      if (number % 5 === 0) {
        const url = `${bound.server.url}/v1/vendors?limit=${1 + (number % 50)}`;
        const status = await impatiently(url, admin.token, 1 + ((7 * number + index) % 20));
        expect([null, 200, 503]).toContain(status);
        if (status === null) left++;
        else answered++;
        return;
      }
      const send = (): Promise<Answer> =>
        number % 5 === 1
          ? admin.get(`/v1/vendors/${foreign.id}`)
          : number % 5 === 2
            ? admin.post('/v1/agents', {
                vendorId: foreign.id,
                name: 'Intruder',
                kind: 'human',
                capabilities: [],
              })
            : admin.get(number % 5 === 3 ? '/v1/vendors' : `/v1/vendors/${vendor.id}`);
      let answer = await send();
      // A busy machine may ask for patience, and nothing else.
      while (answer.status === 503) {
        await sleep(1000 * Number(answer.headers.get('retry-after')));
        answer = await send();
      }
      answered++;
      if (number % 5 === 1) expectProblem(answer, 404);
      else if (number % 5 === 2) expect([404, 422]).toContain(answer.status);
      else if (number % 5 === 3) expect(idsOf(answer)).toEqual([vendor.id]);
      else expect(answer.body).toMatchObject({ id: vendor.id, name: vendor.name });
    };
    const work = async (index: number, first: number): Promise<void> => {
      for (let number = first; number < REQUESTS; number += OVERLAPPING) await ask(index, number);
    };
    await Promise.all(
      callers.flatMap((_, index) => Array.from({ length: OVERLAPPING }, (_, first) => work(index, first))),
    );
    expect(answered + left).toBe(TENANTS * REQUESTS);
    expect(left).toBeGreaterThan(0);
    for (const { tenant, vendor } of callers)
      expect(idsOf(await tenant.admin.get('/v1/vendors'))).toEqual([vendor.id]);
  }, 120_000);

  const pooled = mode === 'transaction behind pgbouncer';
  it(pooled ? 'says 503 when the pooler is away' : 'stays ready', async () => {
    const { admin } = suppliers[0].tenant;
    await bound.stopPooler();
    if (!pooled) return expect((await admin.get('/v1/vendors')).status).toBe(200);
    const answer = await admin.get('/v1/vendors');
    expect([answer.status, answer.body]).toEqual([503, expect.objectContaining({ code: 'overloaded' })]);
    expect(answer.headers.get('retry-after')).not.toBeNull();
  });
});
