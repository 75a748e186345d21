import type { Client } from '../support/client.js';
import { expectProblem } from '../support/problem.js';
import { fileOf, form, stored, type FileBody } from '../support/stored-files.js';
import { world, type TenantWorld } from '../support/world.js';

let tenant: TenantWorld;
let admin: Client;
let vendor: { id: string };
let file: FileBody;

beforeAll(async () => {
  tenant = await world.tenant();
  ({ admin } = tenant);
  vendor = await tenant.vendor();
  file = await uploadTo(vendor, form('0123456789', 'наклад".txt', 'text/plain'));
});

const uploadTo = async ({ id }: { id: string }, body: FormData): Promise<FileBody> =>
  fileOf(await admin.post(`/v1/vendors/${id}/files`, body));
const content = (headers: Record<string, string> = {}, method = 'GET') =>
  admin.send(method, `/v1/files/${file.id}/content`, undefined, headers);

describe('the content of a file', () => {
  it('is served as a sandboxed attachment', async () => {
    const answer = await content();
    expect([answer.status, answer.text]).toEqual([200, '0123456789']);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '10',
      'content-disposition': `attachment; filename="_______.txt"; filename*=UTF-8''%D0%BD%D0%B0%D0%BA%D0%BB%D0%B0%D0%B4%22.txt`,
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, no-cache',
      etag: `"${file.sha256}"`,
    });
    const head = await content({}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), head.text]).toEqual([200, '10', '']);
  });

  it('is given in part', async () => {
    const part = await content({ range: 'bytes=2-4' });
    expect([part.status, part.headers.get('content-range'), part.text]).toEqual([206, 'bytes 2-4/10', '234']);
    expect((await content({ range: 'bytes=-3', 'if-range': `"${file.sha256}"` })).text).toBe('789');
    expect((await content({ range: 'bytes=-3', 'if-range': '"other"' })).status).toBe(200);
    expect((await content({ range: 'bytes=0-1,3-4' })).status).toBe(200);
    const beyond = await content({ range: 'bytes=10-' });
    expectProblem(beyond, 416, 'range_not_satisfiable');
    expect(beyond.headers.get('content-range')).toBe('bytes */10');
  });

  it('is said to be unchanged', async () => {
    const same = await content({ 'if-none-match': `"${file.sha256}"` });
    expect([same.status, same.text]).toEqual([304, '']);
    expect((await content({ 'if-none-match': '"other"' })).status).toBe(200);
  });
});

describe('a file', () => {
  it('has an entity tag, by which reading and removing are conditional', async () => {
    const { id } = await uploadTo(vendor, form('x', 'a.txt'));
    const path = `/v1/files/${id}`;
    const etag = (await admin.get(path)).headers.get('etag')!;
    expect(etag).toBe('"1"');
    const same = await admin.get(path, { 'if-none-match': etag });
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', etag]);
    expect((await admin.get(path, { 'if-none-match': '"2"' })).status).toBe(200);
    for (const stale of ['"2"', `W/${etag}`, 'x'])
      expectProblem(await admin.delete(path, { 'if-match': stale }), 412, 'precondition_failed');
    expect((await admin.get(`${path}/content`)).text).toBe('x');
    expect((await admin.delete(path, { 'if-match': etag })).status).toBe(204);
    expectProblem(await admin.get(path), 404, 'not_found');
  });

  it('is not there for another tenant or another vendor', async () => {
    const others = [(await world.tenant()).admin, await tenant.vendorUser(await tenant.vendor())];
    for (const caller of others) {
      expectProblem(await caller.get(`/v1/files/${file.id}`), 404, 'not_found');
      expectProblem(await caller.get(`/v1/files/${file.id}/content`), 404, 'not_found');
      expectProblem(await caller.delete(`/v1/files/${file.id}`), 404, 'not_found');
    }
  });

  it('comes page by page', async () => {
    const own = await tenant.vendor();
    const made: string[] = [];
    for (let number = 0; number < 10; number++)
      made.push((await uploadTo(own, form('x', `${number % 4}.txt`))).id);
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = `limit=3&sort=name${cursor === null ? '' : `&cursor=${cursor}`}`;
      const answer = await admin.get(`/v1/vendors/${own.id}/files?${query}`);
      const page = answer.body as { data: FileBody[]; page: { nextCursor: string | null } };
      found.push(...page.data.map(({ id }) => id));
      cursor = page.page.nextCursor;
    } while (cursor !== null);
    expect(found.sort()).toEqual(made.sort());
  });

  it('goes with its vendor, and with the agent whose it is', async () => {
    const own = await tenant.vendor();
    const [first, second] = [await tenant.agent(own), await tenant.agent(own)];
    const ofAgent = (id: string) => admin.post(`/v1/agents/${id}/files`, form('x', 'a.txt'));
    const vendorFile = await uploadTo(own, form('x', 'a.txt'));
    const [firstFile, secondFile] = [fileOf(await ofAgent(first.id)), fileOf(await ofAgent(second.id))];
    const isThere = async ({ id }: FileBody) => {
      const [about, bytes] = [await admin.get(`/v1/files/${id}`), await admin.get(`/v1/files/${id}/content`)];
      expect(bytes.status).toBe(about.status);
      return about.status === 200;
    };
    await admin.delete(`/v1/agents/${first.id}`);
    expect(await Promise.all([firstFile, secondFile, vendorFile].map(isThere))).toEqual([false, true, true]);
    await admin.delete(`/v1/vendors/${own.id}`);
    expect(await Promise.all([secondFile, vendorFile].map(isThere))).toEqual([false, false]);
    expectProblem(await admin.get(`/v1/vendors/${own.id}/files`), 404, 'not_found');
    expect(await isThere(file)).toBe(true);
  });

  it('goes with its tenant, bytes and all', async () => {
    const doomed = await world.tenant();
    const { id } = await doomed.vendor();
    fileOf(await doomed.admin.post(`/v1/vendors/${id}/files`, form('x', 'a.txt')));
    expect(await stored(doomed.id)).toHaveLength(1);
    const operator = await world.operator();
    const removed = await operator.delete(`/v1/tenants/${doomed.id}?confirm=${doomed.slug}`);
    expect(removed.status).toBe(204);
    expect(await stored(doomed.id)).toEqual([]);
    expect(await stored(tenant.id)).not.toEqual([]);
  });
});
