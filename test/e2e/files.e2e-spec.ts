import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileSweeper } from '../../src/features/files/file-sweeper.js';
import { MAX_BYTES, startFilesApp, type FilesApp } from '../support/files-app.js';
import { samples, zipOf } from '../support/sample-files.js';

let server: FilesApp;
let vendorId: string;
let otherVendorId: string;
let agentId: string;

interface Caller {
  tenant: string;
  role: string;
  vendorId?: string;
}
const admin: Caller = { tenant: 'acme', role: 'tenant_admin' };
const foreigner: Caller = { tenant: 'globex', role: 'tenant_admin' };
const viewer: Caller = { tenant: 'acme', role: 'viewer' };

beforeAll(async () => {
  server = await startFilesApp();
  vendorId = await server.vendor('acme');
  otherVendorId = await server.vendor('acme');
  agentId = await server.agent('acme', vendorId);
}, 60_000);
afterAll(() => server.close());

const call = (path: string, caller: Caller, init: RequestInit = {}) =>
  fetch(server.url + path, { ...init, headers: { 'x-caller': JSON.stringify(caller), ...init.headers } });

function form(
  bytes: Buffer | string,
  name: string,
  type = 'application/octet-stream',
  more: Record<string, string> = {},
) {
  const body = new FormData();
  for (const [key, value] of Object.entries(more)) body.append(key, value);
  body.append('file', new Blob([bytes as never], { type }), name);
  return body;
}

const upload = (
  body: FormData | string,
  caller = admin,
  path = `/v1/vendors/${vendorId}/files`,
  headers = {},
) => call(path, caller, { method: 'POST', body, headers });

interface FileBody {
  id: string;
  name: string;
  mediaType: string;
  size: number;
  owner: unknown;
}
const fileOf = async (answer: Response) => {
  expect(answer.status).toBe(201);
  return (await answer.json()) as FileBody;
};
const faultOf = async (answer: Response) => {
  const body = (await answer.json()) as { errors: { pointer: string }[] };
  return `${answer.status} ${body.errors[0]?.pointer}`;
};

/** All that lies in the folder of files, once what was under way has ended. */
async function stored(): Promise<string[]> {
  await sleep(50);
  const entries = await readdir(server.filesDir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('an upload', () => {
  it('is stored, described, listed, given back and removed', async () => {
    const answer = await upload(form(samples.pdf, 'Vertrag é.pdf', 'application/pdf', { label: 'contract' }));
    const file = await fileOf(answer);
    expect(answer.headers.get('location')).toBe(`/v1/files/${file.id}`);
    expect(file).toEqual({
      id: file.id,
      name: 'Vertrag é.pdf',
      mediaType: 'application/pdf',
      size: samples.pdf.length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      label: 'contract',
      owner: { type: 'vendor', id: vendorId },
      scan: 'off',
      createdAt: expect.stringMatching(/Z$/),
    });
    expect(await (await call(`/v1/files/${file.id}`, viewer)).json()).toEqual(file);
    const list = (await (await call(`/v1/vendors/${vendorId}/files`, viewer)).json()) as { data: FileBody[] };
    expect(list).toMatchObject({ data: [file], page: { nextCursor: null, limit: 20 } });
    const content = await call(`/v1/files/${file.id}/content`, viewer);
    expect(Buffer.from(await content.arrayBuffer())).toEqual(samples.pdf);
    const path = (await stored()).find((name) => name.endsWith(file.id))!;
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
    expect((await call(`/v1/files/${file.id}`, viewer, { method: 'DELETE' })).status).toBe(403);
    expect((await call(`/v1/files/${file.id}`, admin, { method: 'DELETE' })).status).toBe(204);
    expect((await call(`/v1/files/${file.id}`, admin)).status).toBe(404);
    expect(await stored()).toEqual([]);
  });

  it('of an agent is the agent’s, and not among its vendor’s', async () => {
    const file = await fileOf(await upload(form(samples.png, 'a.png'), admin, `/v1/agents/${agentId}/files`));
    expect(file.owner).toEqual({ type: 'agent', id: agentId });
    expect(await (await call(`/v1/vendors/${vendorId}/files`, admin)).json()).toMatchObject({ data: [] });
    expect(await (await call(`/v1/agents/${agentId}/files`, admin)).json()).toMatchObject({ data: [file] });
    expect((await call(`/v1/files/${file.id}`, { tenant: 'acme', role: 'vendor', vendorId })).status).toBe(
      200,
    );
    await call(`/v1/files/${file.id}`, admin, { method: 'DELETE' });
  });

  it.each([
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
    ['gif', 'image/gif'],
    ['webp', 'image/webp'],
    ['txt', 'text/plain'],
    ['csv', 'text/csv'],
    ['zip', 'application/zip'],
    ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ] as const)('of a %s is taken as %s', async (sample, type) => {
    expect(
      (await fileOf(await upload(form(samples[sample], `A.${sample.toUpperCase()}`, type)))).mediaType,
    ).toBe(type);
    expect((await fileOf(await upload(form(samples[sample], `a.${sample}`)))).mediaType).toBe(type);
  });

  it.each([
    ['a picture called .pdf', samples.png, 'a.pdf', 'image/png'],
    ['a picture declared as another', samples.png, 'a.png', 'image/jpeg'],
    ['a picture declared as text', samples.png, 'a.png', 'text/plain'],
    ['HTML called .png', Buffer.from('<html>'), 'a.png', 'image/png'],
    ['HTML', Buffer.from('<html>'), 'a.html', 'text/html'],
    ['SVG', Buffer.from('<svg/>'), 'a.svg', 'image/svg+xml'],
    ['a DOCX called .zip', samples.docx, 'a.zip', 'application/zip'],
    ['a ZIP called .docx', samples.zip, 'a.docx', ''],
    ['no extension', samples.png, 'png', 'image/png'],
    [
      'a picture with an archive behind it',
      Buffer.concat([samples.png, zipOf({ a: '' })]),
      'a.png',
      'image/png',
    ],
  ])('of %s is 415', async (_, bytes, name, type) => {
    const before = await stored();
    expect((await upload(form(bytes, name, type))).status).toBe(415);
    expect(await stored()).toEqual(before);
  });

  it('is 422 at the field that is wrong', async () => {
    const before = await stored();
    expect(await faultOf(await upload(form('', 'a.txt')))).toBe('422 /file');
    const none = new FormData();
    none.append('label', 'x');
    expect(await faultOf(await upload(none))).toBe('422 /file');
    const other = new FormData();
    other.append('document', new Blob(['x']), 'a.txt');
    expect(await faultOf(await upload(other))).toBe('422 /document');
    const two = form('x', 'a.txt');
    two.append('file', new Blob(['x']), 'b.txt');
    expect(await faultOf(await upload(two))).toBe('422 /file');
    expect(await faultOf(await upload(form('x', 'a.txt', '', { label: 'x'.repeat(2000) })))).toBe(
      '422 /label',
    );
    expect((await upload(form('x', 'a.txt', '', { label: 'x'.repeat(201) }))).status).toBe(422);
    expect((await upload(form('x', 'a.txt', '', { size: '1' }))).status).toBe(422);
    expect(await stored()).toEqual(before);
  });

  it('is 415 unless it is multipart/form-data', async () => {
    expect((await upload('{}', admin, undefined, { 'content-type': 'application/json' })).status).toBe(415);
    expect(
      (await upload('a=b', admin, undefined, { 'content-type': 'application/x-www-form-urlencoded' })).status,
    ).toBe(415);
    expect(
      (await upload('x', admin, undefined, { 'content-type': 'multipart/mixed; boundary=x' })).status,
    ).toBe(415);
  });

  it('may have the largest size, and one byte more is 413 with an answer', async () => {
    const before = await stored();
    for (const size of [MAX_BYTES + 1, MAX_BYTES * 3, MAX_BYTES * 12]) {
      expect((await upload(form('x'.repeat(size), 'a.txt'))).status).toBe(413);
      const endless = new Response(form('x'.repeat(size), 'a.txt'));
      const chunked = { method: 'POST', body: endless.body, duplex: 'half', headers: endless.headers };
      const type = { 'content-type': endless.headers.get('content-type')! };
      const answer = await call(`/v1/vendors/${vendorId}/files`, admin, {
        ...chunked,
        headers: type,
      } as RequestInit);
      expect(answer.status).toBe(413);
    }
    expect(await stored()).toEqual(before);
    expect((await fileOf(await upload(form('x'.repeat(MAX_BYTES), 'a.txt')))).size).toBe(MAX_BYTES);
  });

  it('is refused before its body is read when the caller may not', async () => {
    const before = await stored();
    const vendorUser = { tenant: 'acme', role: 'vendor', vendorId: otherVendorId };
    expect((await upload(form('x', 'a.txt'), viewer)).status).toBe(403);
    expect((await upload(form('x', 'a.txt'), foreigner)).status).toBe(404);
    expect((await upload(form('x', 'a.txt'), vendorUser)).status).toBe(404);
    expect((await upload(form('x', 'a.txt'), vendorUser, `/v1/agents/${agentId}/files`)).status).toBe(404);
    expect(await stored()).toEqual(before);
  });
});

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

  it('comes page by page', async () => {
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
    const doomedVendor = await server.vendor('acme');
    const doomed = await fileOf(await upload(form('x', 'a.txt'), admin, `/v1/vendors/${doomedVendor}/files`));
    await server.sql('acme', 'DELETE FROM "__tenant__"."vendor" WHERE id = $1', [doomedVendor]);
    const sweeper = server.app.get(FileSweeper);
    const before = await stored();
    await sweeper.sweep();
    expect(await stored()).toEqual(before);
    const twoHoursAgo = Date.now() / 1000 - 7200;
    for (const path of before) await utimes(path, twoHoursAgo, twoHoursAgo);
    await sweeper.sweep();
    expect(await stored()).toEqual(before.filter((path) => !path.endsWith(doomed.id)));
  });
});
