import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { send, type Answer, type Client } from '../support/client.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import { samples, zipOf } from '../support/sample-files.js';
import { fileOf, form, stored } from '../support/stored-files.js';
import { world, type TenantWorld } from '../support/world.js';

let tenant: TenantWorld;
let viewer: Client;
let vendorId: string;
let vendorFiles: string;
let agentId: string;
let agentFiles: string;

beforeAll(async () => {
  tenant = await world.tenant();
  viewer = await tenant.as('viewer');
  const vendor = await tenant.vendor();
  vendorId = vendor.id;
  vendorFiles = `/v1/vendors/${vendorId}/files`;
  agentId = (await tenant.agent(vendor)).id;
  agentFiles = `/v1/agents/${agentId}/files`;
});

const upload = (body: unknown, headers?: Record<string, string>): Promise<Answer> =>
  tenant.admin.post(vendorFiles, body, headers);

/** Fails unless the upload is refused in this way and nothing of it stays. */
async function expectRefused(sent: Promise<Answer>, status: number, code: string, pointers: string[] = []) {
  const before = await stored(tenant.id);
  const answer = await sent;
  expectProblem(answer, status, code);
  expect(pointersOf(answer)).toEqual(pointers);
  expect(await stored(tenant.id)).toEqual(before);
}

describe('an upload', () => {
  it('is stored, described, listed, given back and removed', async () => {
    const before = await stored(tenant.id);
    const answer = await upload(form(samples.pdf, 'Vertrag é.pdf', 'application/pdf', { label: 'contract' }));
    const file = fileOf(answer);
    expect(answer.headers.get('location')).toBe(`/v1/files/${file.id}`);
    expect(file).toEqual({
      id: file.id,
      name: 'Vertrag é.pdf',
      mediaType: 'application/pdf',
      size: samples.pdf.length,
      sha256: createHash('sha256').update(samples.pdf).digest('hex'),
      label: 'contract',
      owner: { type: 'vendor', id: vendorId },
      scan: 'off',
      createdAt: expect.stringMatching(/Z$/) as string,
      version: 1,
    });
    expect((await viewer.get(`/v1/files/${file.id}`)).body).toEqual(file);
    const list = await viewer.get(vendorFiles);
    expect(list.body).toEqual({ data: [file], page: { nextCursor: null, limit: 20 } });
    expect((await viewer.get(`/v1/files/${file.id}/content`)).bytes).toEqual(samples.pdf);
    const path = (await stored(tenant.id)).find((name) => name.endsWith(file.id))!;
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
    expectProblem(await viewer.delete(`/v1/files/${file.id}`), 403, 'forbidden');
    expect((await tenant.admin.delete(`/v1/files/${file.id}`)).status).toBe(204);
    expectProblem(await tenant.admin.get(`/v1/files/${file.id}`), 404, 'not_found');
    expectProblem(await tenant.admin.get(`/v1/files/${file.id}/content`), 404, 'not_found');
    expect(await stored(tenant.id)).toEqual(before);
  });

  it('of an agent is the agent’s, and not among its vendor’s', async () => {
    const own = await tenant.vendor();
    const agent = await tenant.agent(own);
    const file = fileOf(await tenant.admin.post(`/v1/agents/${agent.id}/files`, form(samples.png, 'a.png')));
    expect(file.owner).toEqual({ type: 'agent', id: agent.id });
    expect((await tenant.admin.get(`/v1/vendors/${own.id}/files`)).body).toMatchObject({ data: [] });
    expect((await tenant.admin.get(`/v1/agents/${agent.id}/files`)).body).toMatchObject({ data: [file] });
    expect((await (await tenant.vendorUser(own)).get(`/v1/files/${file.id}`)).status).toBe(200);
  });

  it.each([
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
    ['gif', 'image/gif'],
    ['webp', 'image/webp'],
    ['pdf', 'application/pdf'],
    ['txt', 'text/plain'],
    ['csv', 'text/csv'],
    ['zip', 'application/zip'],
    ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
    ['pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
  ] as const)('of a %s is taken as %s', async (sample, type) => {
    const declared = await upload(form(samples[sample], `A.${sample.toUpperCase()}`, type));
    expect(fileOf(declared).mediaType).toBe(type);
    expect(fileOf(await upload(form(samples[sample], `a.${sample}`))).mediaType).toBe(type);
  });

  const archiveBehind = Buffer.concat([samples.png, zipOf({ a: '' })]);
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
    ['a picture with an archive behind it', archiveBehind, 'a.png', 'image/png'],
  ])('of %s is 415', async (_, bytes, name, type) => {
    await expectRefused(upload(form(bytes, name, type)), 415, 'unsupported_media_type');
  });

  const text = (fields: Record<string, string>) => () => form('x', 'a.txt', '', fields);
  const fieldsOf = (...entries: [name: string, value: string | Blob][]) => {
    const body = new FormData();
    for (const [name, value] of entries)
      if (typeof value === 'string') body.append(name, value);
      else body.append(name, value, 'a.txt');
    return body;
  };
  it.each([
    ['an empty file', () => form('', 'a.txt'), '/file'],
    ['no file', () => fieldsOf(['label', 'x']), '/file'],
    ['a file in another field', () => fieldsOf(['document', new Blob(['x'])]), '/document'],
    ['two files', () => fieldsOf(['file', new Blob(['x'])], ['file', new Blob(['x'])]), '/file'],
    ['a label of 201 characters', text({ label: 'x'.repeat(201) }), '/label'],
    ['a label of 2,000 characters', text({ label: 'x'.repeat(2000) }), '/label'],
    ['an unknown field', text({ size: '1' }), '/size'],
  ])('with %s is 422 at the field', async (_, body, pointer) => {
    await expectRefused(upload(body()), 422, 'validation_failed', [pointer]);
  });

  it.each([
    ['{}', 'application/json'],
    ['a=b', 'application/x-www-form-urlencoded'],
    ['x', 'multipart/mixed; boundary=x'],
  ])('is 415 when it is %s as %s', async (body, type) => {
    await expectRefused(upload(body, { 'content-type': type }), 415, 'unsupported_media_type');
  });

  it('is refused when the caller may not, or is nobody', async () => {
    const other = await tenant.vendorUser(await tenant.vendor());
    const stranger = (await world.tenant()).admin;
    for (const path of [vendorFiles, agentFiles]) {
      await expectRefused(send('POST', path, { body: form('x', 'a.txt') }), 401, 'unauthenticated');
      await expectRefused(viewer.post(path, form('x', 'a.txt')), 403, 'forbidden');
      await expectRefused(other.post(path, form('x', 'a.txt')), 404, 'not_found');
      await expectRefused(stranger.post(path, form('x', 'a.txt')), 404, 'not_found');
    }
  });
});
