import { setTimeout as sleep } from 'node:timers/promises';
import { inDays, makeKey, type MadeKey } from '../support/api-keys.js';
import { send, type Answer } from '../support/client.js';
import { besideShared } from '../support/database.js';
import { expectProblem } from '../support/problem.js';
import { startServer, type RunningServer } from '../support/server.js';
import { world, type TenantWorld } from '../support/world.js';

const READING = ['vendors:read:any'];

describe('the life of an API key', () => {
  let tenant: TenantWorld;
  let second: RunningServer;
  beforeAll(async () => {
    tenant = await world.tenant();
    second = await startServer(await besideShared());
  }, 120_000);
  afterAll(() => second.stop());

  const here = (token: string): Promise<Answer> => send('GET', '/v1/vendors', { token });
  const there = (token: string): Promise<Answer> => send('GET', `${second.url}/v1/vendors`, { token });
  const everywhere = async (token: string): Promise<number[]> => [
    (await here(token)).status,
    (await there(token)).status,
  ];
  const rotate = async (id: string, body: object, headers = {}): Promise<MadeKey> =>
    (await tenant.admin.post(`/v1/api-keys/${id}/rotate`, body, headers)).body as MadeKey;

  it('has two secrets that are good while it is rotated, on all nodes, and one afterwards', async () => {
    const first = await makeKey(tenant.admin, READING);
    const next = await rotate(first.id, { overlapSeconds: 3 });
    expect(next).toMatchObject({ id: first.id, version: Number(first.version) + 1 });
    expect(next.secret).not.toBe(first.secret);
    expect(await everywhere(first.secret)).toEqual([200, 200]);
    expect(await everywhere(next.secret)).toEqual([200, 200]);
    const until = Date.parse(String(next.previousSecretUntil));
    await sleep(Math.max(0, until - Date.now()) + 50);
    expect(await everywhere(first.secret)).toEqual([401, 401]);
    expect(await everywhere(next.secret)).toEqual([200, 200]);
    expect((await tenant.admin.get(`/v1/api-keys/${first.id}`)).body).toMatchObject({
      previousSecretUntil: null,
    });
  });

  it('lets the old secret go at once when no overlap is wanted', async () => {
    const first = await makeKey(tenant.admin, READING);
    const next = await rotate(first.id, { overlapSeconds: 0 });
    expect([await everywhere(first.secret), await everywhere(next.secret)]).toEqual([
      [401, 401],
      [200, 200],
    ]);
  });

  it('never has three secrets', async () => {
    const first = await makeKey(tenant.admin, READING);
    const next = await rotate(first.id, {});
    const last = await rotate(first.id, {});
    const statuses = [];
    for (const { secret } of [first, next, last]) statuses.push((await here(secret)).status);
    expect(statuses).toEqual([401, 200, 200]);
  });

  it('begins anew with a new secret; the old one ends when it would have', async () => {
    const first = await makeKey(tenant.admin, READING, { expiresAt: inDays(0.1) });
    const next = await rotate(first.id, { expiresAt: inDays(30) });
    expect(next.previousSecretUntil).toBe(first.expiresAt);
    expect(Date.parse(next.expiresAt)).toBeGreaterThan(Date.parse(first.expiresAt));
    const body = { overlapSeconds: 604_801 };
    expectProblem(await tenant.admin.post(`/v1/api-keys/${first.id}/rotate`, body), 422, 'validation_failed');
  });

  it('is rotated and ended in the version that was read', async () => {
    const { id } = await makeKey(tenant.admin, READING);
    const stale = (await tenant.admin.get(`/v1/api-keys/${id}`)).headers.get('etag')!;
    await rotate(id, {});
    const headers = { 'if-match': stale };
    expectProblem(await tenant.admin.post(`/v1/api-keys/${id}/rotate`, {}, headers), 412);
    expectProblem(await tenant.admin.delete(`/v1/api-keys/${id}`, headers), 412);
  });

  it('ends on both nodes with the first request after it was revoked', async () => {
    const made = await makeKey(tenant.admin, READING);
    const old = await rotate(made.id, {});
    for (const { secret } of [made, old]) expect(await everywhere(secret)).toEqual([200, 200]);
    expect((await tenant.admin.delete(`/v1/api-keys/${made.id}`)).status).toBe(204);
    for (const { secret } of [made, old]) expect(await everywhere(secret)).toEqual([401, 401]);
    expectProblem(await tenant.admin.get(`/v1/api-keys/${made.id}`), 404);
  });
});
