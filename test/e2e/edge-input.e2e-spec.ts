import { closeGracefully } from '../../src/platform/http/edge.adapter.js';
import { startEdge, type EdgeApp } from '../support/edge-app.js';
import { clientOf, ID, pointers } from '../support/edge-client.js';

let edge: EdgeApp;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => closeGracefully(edge.app));

const { call, plain, post, send } = clientOf(() => edge.url);

describe('bodies', () => {
  it.each([
    ['{"name":', 'application/json', 400, 'malformed_json'],
    ['', 'application/json', 422, 'validation_failed'],
    [' ', 'application/json', 400, 'malformed_json'],
    ['[]', 'application/json', 422, 'validation_failed'],
    ['"text"', 'application/json', 422, 'validation_failed'],
    ['null', 'application/json', 422, 'validation_failed'],
    ['name=a', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    ['{"name":"a"}', 'text/plain', 415, 'unsupported_media_type'],
    ['{"name":"a"}', 'application/merge-patch+json', 415, 'unsupported_media_type'],
    ['{"name":"a"}', 'application/json; charset=utf-16', 415, 'unsupported_media_type'],
    [`{"name":"${'a'.repeat(100_001)}"}`, 'application/json', 413, 'payload_too_large'],
    [`${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`, 'application/json', 422, 'validation_failed'],
    [`{"a":${'['.repeat(40_000)}${']'.repeat(40_000)}}`, 'application/json', 422, 'validation_failed'],
  ])('are refused with their reason: %#', async (body, type, status, code) => {
    const answer = await post(body, type);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  it.each([
    ['{"name":"a\\u0000b"}', '/name nul_character'],
    ['{"a\\u0000":1}', '/a\0 nul_character'],
    ['{"name":"\\ud800"}', '/name lone_surrogate'],
    ['{"\\udc00":1}', '/\ufffd lone_surrogate'],
    ['{"name":"a","__proto__":{"x":1}}', '/__proto__ forbidden_field'],
    ['{"name":"a","parts":[{"size":1},{"constructor":1}]}', '/parts/1/constructor forbidden_field'],
    ['{"name":"a","prototype":1}', '/prototype forbidden_field'],
    ['{"name":"a","name":"b"}', '/name duplicate_field'],
    ['{"name":"a","parts":[{"size":1},{"size":1,"s\\u0069ze":2}]}', '/parts/1/size duplicate_field'],
    ['{"name":"a","extra/~":1}', '/extra~1~0 unknown_field'],
    ['{"name":1}', '/name max_length'],
    ['{"name":{}}', '/name is_string'],
    ['{"name":"a","parts":[{"size":1},{"size":"1"}]}', '/parts/1/size is_int'],
    ['{"name":"a","parts":[{"size":1,"more":1}]}', '/parts/0/more unknown_field'],
  ])('name the field that is not acceptable: %s', async (body, fault) => {
    const answer = await post(body);
    expect(answer.status).toBe(422);
    expect(pointers(answer)).toContain(fault);
    expect(answer.body.errors?.every(({ detail }) => /^[A-Z].*\.$/.test(detail))).toBe(true);
  });

  it('must be UTF-8', async () => {
    const body = Buffer.from('7b226e616d65223a22ff227d', 'hex');
    const answer = await call('/v1/things', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    expect([answer.status, answer.body['code']]).toEqual([400, 'malformed_json']);
  });

  it('must not be compressed', async () => {
    const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' };
    expect((await call('/v1/things', { method: 'POST', headers, body: '{}' })).status).toBe(415);
  });

  it('may be merge patches for PATCH alone', async () => {
    const path = `/v1/things/${ID}`;
    expect((await send('PATCH', path, { name: 'b' }, 'application/merge-patch+json')).status).toBe(200);
    expect((await send('PATCH', path, { name: 'b' })).status).toBe(200);
  });

  it('are refused where the route takes none', async () => {
    expect(pointers(await send('POST', '/v1/things/login', { x: 1 }))).toEqual(['/x unknown_field']);
    expect((await send('DELETE', `/v1/things/${ID}`, { x: 1 })).status).toBe(422);
    expect((await call(`/v1/things/${ID}`, { method: 'DELETE' })).status).toBe(204);
  });
});

describe('multipart', () => {
  const upload = (path: string, form: FormData) => call(path, { method: 'POST', body: form });
  const form = (field: string, size: number) => {
    const data = new FormData();
    data.append(field, new Blob(['x'.repeat(size)]), 'a.txt');
    return data;
  };

  it('is taken where the route says so, and nothing else is', async () => {
    const answer = await upload('/v1/things/files', form('file', 10));
    expect([answer.status, answer.body['size'], answer.headers['location']]).toEqual([
      201,
      10,
      `/v1/files/${ID}`,
    ]);
    expect((await upload('/v1/things', form('file', 10))).status).toBe(415);
    expect((await send('POST', '/v1/things/files', { file: { path: '/etc/passwd' } })).status).toBe(415);
    expect((await call('/v1/things/files', { method: 'POST' })).status).toBe(415);
  });

  it('has its own faults', async () => {
    expect((await upload('/v1/things/files', form('file', 2000))).status).toBe(413);
    expect(pointers(await upload('/v1/things/files', form('other', 1)))).toEqual(['/other unexpected_file']);
    const broken = await send(
      'POST',
      '/v1/things/files',
      '--x\r\nContent-Dis',
      'multipart/form-data; boundary=x',
    );
    expect([broken.status, broken.body['code']]).toEqual([400, 'malformed_multipart']);
    const noBoundary = await send('POST', '/v1/things/files', 'x', 'multipart/form-data');
    expect(noBoundary.status).toBe(400);
  });
});

describe('queries and paths', () => {
  it.each([
    ['limit=1&limit=2', '/query/limit repeated_field'],
    ['__proto__=1', '/query/__proto__ forbidden_field'],
    ['cursor=%00', '/query/cursor nul_character'],
    ['more=1', '/query/more unknown_field'],
    ['limit=0x10', '/query/limit is_int'],
    ['limit=1e1', '/query/limit is_int'],
    ['limit=101', '/query/limit max'],
    ['limit=', '/query/limit is_int'],
    ['a[b]=1', '/query/a[b] unknown_field'],
    [Array.from({ length: 60 }, (_, index) => `k${index}`).join('&'), '/query too_many_fields'],
  ])('name the query field that is not acceptable: %s', async (query, fault) => {
    const answer = await call(`/v1/things?${query}`);
    expect(answer.status).toBe(422);
    expect(pointers(answer)).toContain(fault);
  });

  it('refuses query fields on a route that takes none', async () => {
    expect(pointers(await call(`/v1/things/${ID}?x=1`))).toEqual(['/query/x unknown_field']);
  });

  it('treats an id that cannot be one like one that is not there', async () => {
    for (const id of ['x', '1', 'a%00b', '%E2%80%AE', "'%20or%201=1"]) {
      const answer = await call(`/v1/things/${id}`);
      expect([answer.status, answer.body['code']]).toEqual([404, 'not_found']);
    }
  });

  it('refuses malformed percent-encodings with 400', async () => {
    expect((await plain('GET', '/v1/things/%zz')).status).toBe(400);
    expect((await plain('GET', '/v1/things?cursor=%ff')).status).toBe(400);
  });
});
