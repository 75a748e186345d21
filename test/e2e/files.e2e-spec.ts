import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_BYTES } from '../support/files-app.js';
import {
  admin,
  fileOf,
  FilesClient,
  foreigner,
  form,
  viewer,
  type FileBody,
} from '../support/files-client.js';
import { samples, zipOf } from '../support/sample-files.js';

let client: FilesClient;
let vendorId: string;
let otherVendorId: string;
let agentId: string;

beforeAll(async () => {
  client = await FilesClient.start();
  ({ vendorId, otherVendorId, agentId } = client);
}, 60_000);
afterAll(() => client.server.close());

const call: FilesClient['call'] = (...request) => client.call(...request);
const upload: FilesClient['upload'] = (...request) => client.upload(...request);
const stored = () => client.stored();

const faultOf = async (answer: Response) => {
  const body = (await answer.json()) as { errors: { pointer: string }[] };
  return `${answer.status} ${body.errors[0]?.pointer}`;
};

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
