import type { Client, Resource } from '../support/client.js';
import { expectProblem } from '../support/problem.js';
import { world, type TenantWorld } from '../support/world.js';

const MAKERS: Record<string, (tenant: TenantWorld) => Promise<Resource>> = {
  vendors: (tenant) => tenant.vendor(),
  agents: async (tenant) => tenant.agent(await tenant.vendor()),
};

describe.each(Object.keys(MAKERS))('conditional requests on /v1/%s', (noun) => {
  let tenant: TenantWorld;
  let admin: Client;
  let path: string;
  let etag: string;

  beforeAll(async () => {
    tenant = await world.tenant();
    admin = tenant.admin;
  });

  beforeEach(async () => {
    path = `/v1/${noun}/${(await MAKERS[noun]!(tenant)).id}`;
    etag = (await admin.get(path)).headers.get('etag') ?? '';
  });

  it('gives one resource an ETag that stays while it does', async () => {
    expect(etag).toMatch(/^(W\/)?"[\x21\x23-\x7e]+"$/);
    expect((await admin.get(path)).headers.get('etag')).toBe(etag);
  });

  it.each([
    ['the tag', (tag: string) => tag],
    ['a list with the tag', (tag: string) => `"other", ${tag}`],
    ['the tag, weakly', (tag: string) => `W/${tag.replace('W/', '')}`],
    ['any', () => '*'],
  ])('answers 304 without a body when If-None-Match has %s', async (_, value) => {
    const answer = await admin.get(path, { 'if-none-match': value(etag) });
    expect(answer.status).toBe(304);
    expect(answer.text).toBe('');
    expect(answer.headers.get('etag')).toBe(etag);
  });

  it('answers in full when If-None-Match has another tag', async () => {
    const answer = await admin.get(path, { 'if-none-match': '"another"' });
    expect(answer.status).toBe(200);
    expect((answer.body as Resource).id).toBe(path.split('/').at(-1));
  });

  it('changes the ETag with the resource', async () => {
    const changed = await admin.patch(path, { name: 'Changed' });
    expect(changed.status).toBe(200);
    const after = await admin.get(path);
    expect(after.headers.get('etag')).not.toBe(etag);
    expect(changed.headers.get('etag')).toBe(after.headers.get('etag'));
    expect((await admin.get(path, { 'if-none-match': etag })).status).toBe(200);
  });

  it('changes what If-Match names, and nothing when it is stale', async () => {
    expect((await admin.patch(path, { name: 'First' }, { 'if-match': etag })).status).toBe(200);
    expectProblem(
      await admin.patch(path, { name: 'Second' }, { 'if-match': etag }),
      412,
      'precondition_failed',
    );
    expect(((await admin.get(path)).body as Resource).name).toBe('First');
  });

  it('lets If-Match: * through', async () => {
    expect((await admin.patch(path, { name: 'Any' }, { 'if-match': '*' })).status).toBe(200);
  });

  it('lets one of many overlapping changes with the same If-Match win', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        admin.patch(path, { name: `Racer ${index}` }, { 'if-match': etag }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(412)]);
  });

  it('removes what If-Match names, and nothing when it is stale', async () => {
    await admin.patch(path, { name: 'Newer' });
    expectProblem(await admin.delete(path, { 'if-match': etag }), 412, 'precondition_failed');
    const current = (await admin.get(path)).headers.get('etag') ?? '';
    expect((await admin.delete(path, { 'if-match': current })).status).toBe(204);
    expectProblem(await admin.get(path), 404, 'not_found');
  });
});
