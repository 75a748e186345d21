import { readdir, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileSweeper } from '../../src/features/files/file-sweeper.js';
import { MAX_BYTES } from '../support/files-app.js';
import { admin, fileOf, FilesClient, foreigner, form, type FileBody } from '../support/files-client.js';
import { sendRaw } from '../support/raw-request.js';

let client: FilesClient;
let vendorId: string;
let otherVendorId: string;

beforeAll(async () => {
  client = await FilesClient.start();
  ({ vendorId, otherVendorId } = client);
}, 60_000);
afterAll(() => client.server.close());

const call: FilesClient['call'] = (...request) => client.call(...request);
const upload: FilesClient['upload'] = (...request) => client.upload(...request);
const stored = () => client.stored();

describe('a file', () => {
  let file: FileBody;
  beforeAll(async () => {
    file = await fileOf(await upload(form('0123456789', 'наклад".txt', 'text/plain')));
  });
  const content = (headers = {}, method = 'GET') =>
    call(`/v1/files/${file.id}/content`, admin, { headers, method });

  it('is served as a sandboxed attachment', async () => {
    const answer = await content();
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '10',
      'content-disposition': `attachment; filename="_______.txt"; filename*=UTF-8''%D0%BD%D0%B0%D0%BA%D0%BB%D0%B0%D0%B4%22.txt`,
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, no-cache',
      etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
    });
    const head = await content({}, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
  });

  it('is given in part, or said to be unchanged', async () => {
    const etag = (await content()).headers.get('etag')!;
    const part = await content({ range: 'bytes=2-4' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 2-4/10',
      '234',
    ]);
    expect(await (await content({ range: 'bytes=-3', 'if-range': etag })).text()).toBe('789');
    expect((await content({ range: 'bytes=-3', 'if-range': '"other"' })).status).toBe(200);
    expect((await content({ range: 'bytes=0-1,3-4' })).status).toBe(200);
    const beyond = await content({ range: 'bytes=10-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    expect((await content({ 'if-none-match': etag })).status).toBe(304);
    expect((await content({ 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('is not there for another tenant or another vendor', async () => {
    const vendorUser = { tenant: 'acme', role: 'vendor', vendorId: otherVendorId };
    for (const caller of [foreigner, vendorUser])
      for (const [path, method] of [
        ['', 'GET'],
        ['/content', 'GET'],
        ['', 'DELETE'],
      ] as const)
        expect((await call(`/v1/files/${file.id}${path}`, caller, { method })).status).toBe(404);
  });

  it('is closed when its reader goes away', async () => {
    const large = await fileOf(await upload(form('x'.repeat(MAX_BYTES), 'a.txt')));
    const openFiles = async () => (await readdir('/proc/self/fd')).length;
    const before = await openFiles();
    const head = `GET /v1/files/${large.id}/content HTTP/1.1\r\nHost: x\r\nx-caller: ${JSON.stringify(admin)}\r\n\r\n`;
    for (let times = 0; times < 10; times++)
      expect((await sendRaw(client.server.port, [head])).status).toBe(200);
    await sleep(200);
    expect(await openFiles()).toBeLessThanOrEqual(before + 3);
  });

  it('comes page by page', async () => {
    for (let number = 0; number < 10; number++) await fileOf(await upload(form('x', `${number % 4}.txt`)));
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = `limit=3&sort=name${cursor === null ? '' : `&cursor=${cursor}`}`;
      const answer = await call(`/v1/vendors/${vendorId}/files?${query}`, admin);
      const page = (await answer.json()) as { data: FileBody[]; page: { nextCursor: string | null } };
      names.push(...page.data.map(({ id }) => id));
      cursor = page.page.nextCursor;
    } while (cursor !== null);
    expect(names.length).toBeGreaterThan(10);
    expect(new Set(names).size).toBe(names.length);
  });

  it('loses its bytes by the sweep when its vendor was removed, and no other file does', async () => {
    const doomedVendor = await client.server.vendor('acme');
    const doomed = await fileOf(await upload(form('x', 'a.txt'), admin, `/v1/vendors/${doomedVendor}/files`));
    await client.server.sql('acme', 'DELETE FROM "__tenant__"."vendor" WHERE id = $1', [doomedVendor]);
    const sweeper = client.server.app.get(FileSweeper);
    const before = await stored();
    await sweeper.sweep();
    expect(await stored()).toEqual(before);
    const twoHoursAgo = Date.now() / 1000 - 7200;
    for (const path of before) await utimes(path, twoHoursAgo, twoHoursAgo);
    await sweeper.sweep();
    expect(await stored()).toEqual(before.filter((path) => !path.endsWith(doomed.id)));
  });
});
