import { closeGracefully } from '../../src/platform/http/edge.adapter.js';
import { startEdge, type EdgeApp } from '../support/edge-app.js';
import { clientOf, ID, SECURITY } from '../support/edge-client.js';

let edge: EdgeApp;
beforeAll(async () => {
  edge = await startEdge({ CORS_ORIGINS: 'https://app.example.com' });
});
afterAll(() => closeGracefully(edge.app));

const { call, plain, post, send } = clientOf(() => edge.url);

describe('every answer', () => {
  it.each([
    ['a resource', `/v1/things/${ID}`, 200],
    ['an unknown path', '/nowhere', 404],
    ['a fault of the server', '/v1/things/fail/secret', 500],
    ['a malformed path', '/v1/things/%ff', 400],
    ['health', '/health/live', 200],
  ])('carries the security headers and a request id: %s', async (_, path, status) => {
    const answer = await plain('GET', path);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(SECURITY);
    expect(answer.headers['x-request-id']).toMatch(/^[\w-]{8,}$/);
    expect(answer.headers['x-powered-by']).toBeUndefined();
  });

  it('may not be stored, unless it has an ETag', async () => {
    expect((await call('/v1/things')).headers['cache-control']).toBe('no-store');
    expect((await call('/nowhere')).headers['cache-control']).toBe('no-store');
    expect((await call(`/v1/things/${ID}`)).headers['cache-control']).toBe('private, no-cache');
  });

  it('keeps a well-formed request id, else the trace id, else makes one', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
    const idFor = async (headers: Record<string, string>) =>
      (await call('/v1/things', { headers })).headers['x-request-id'];
    expect(await idFor({ 'X-Request-Id': 'abc.DEF_1-2', traceparent })).toBe('abc.DEF_1-2');
    expect(await idFor({ 'X-Request-Id': 'no spaces here', traceparent })).toBe(trace);
    expect(await idFor({ 'X-Request-Id': 'short' })).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('problems', () => {
  it.each([
    ['unauthenticated', 401, 'unauthenticated', { 'www-authenticate': 'Bearer' }],
    ['forbidden', 403, 'forbidden', {}],
    ['conflict', 409, 'conflict', {}],
    ['precondition', 412, 'precondition_failed', {}],
    ['large', 413, 'payload_too_large', {}],
    ['type', 415, 'unsupported_media_type', {}],
    ['range', 416, 'range_not_satisfiable', { 'content-range': 'bytes */7' }],
    ['rate', 429, 'rate_limited', { 'retry-after': '9' }],
    ['busy', 503, 'overloaded', { 'retry-after': '1' }],
    ['full', 507, 'insufficient_storage', {}],
    ['foreign', 409, 'translated', {}],
    ['notAnError', 500, 'internal_error', {}],
  ])('say what %s means', async (how, status, code, headers) => {
    const answer = await call(`/v1/things/fail/${how}`, {});
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json', ...headers });
    expect(answer.body).toMatchObject({
      type: `/docs/errors#${code}`,
      status,
      code,
      instance: `/v1/things/fail/${how}`,
      requestId: answer.headers['x-request-id'],
    });
    expect(answer.body['title']).toEqual(expect.any(String));
    expect(answer.body['detail']).toEqual(expect.any(String));
  });

  it('tell nothing of a fault, and log it with the request id', async () => {
    const answer = await call('/v1/things/fail/secret');
    expect(answer.text).not.toMatch(/hunter2|srv|Error:|stack/);
    const line = edge
      .log()
      .split('\n')
      .find((text) => text.includes('hunter2') && text.includes(String(answer.body['requestId'])));
    expect(line).toContain('edge-app');
  });

  it('name the path without its query', async () => {
    expect((await call('/nowhere?token=1')).body['instance']).toBe('/nowhere');
  });
});

describe('routing', () => {
  it('answers 405 with Allow where another method exists', async () => {
    const answer = await send('PUT', '/v1/things', {});
    expect(answer.status).toBe(405);
    expect(answer.body['code']).toBe('method_not_allowed');
    expect(answer.headers['allow']).toBe('GET, HEAD, OPTIONS, POST');
    for (const method of ['TRACE', 'PROPFIND', 'M-SEARCH'])
      expect((await plain(method, '/v1/things')).status).toBe(405);
  });

  it('answers 404 for an unknown path, whatever the method', async () => {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'TRACE'])
      expect((await plain(method, '/v1/nowhere')).status).toBe(404);
    expect((await call('/things')).status).toBe(404);
    expect((await call('/V1/Things')).status).toBe(404);
  });

  it('answers HEAD where GET does, and OPTIONS with Allow', async () => {
    const head = await plain('HEAD', `/v1/things/${ID}`);
    expect([head.status, head.text, head.headers['etag']]).toEqual([200, '', '"3"']);
    const options = await plain('OPTIONS', `/v1/things/${ID}`);
    expect([options.status, options.headers['allow']]).toEqual([204, 'DELETE, GET, HEAD, OPTIONS, PATCH']);
  });

  it('does not version health', async () => {
    expect((await call('/health/live')).body).toEqual({ status: 'ok' });
    expect((await call('/v1/health/live')).status).toBe(404);
  });
});

describe('representations', () => {
  it('have an ETag, and give 304 to who has it', async () => {
    const path = `/v1/things/${ID}`;
    const first = await call(path);
    expect(first.headers['etag']).toBe('"3"');
    for (const field of ['"3"', 'W/"3"', '"1", "3"', '*']) {
      const answer = await plain('GET', path, { 'If-None-Match': field });
      expect([answer.status, answer.text, answer.headers['etag']]).toEqual([304, '', '"3"']);
      expect(answer.headers).toMatchObject(SECURITY);
    }
    expect((await call(path, { headers: { 'If-None-Match': '"3"' } })).status).toBe(304);
    for (const field of ['"4"', '3', '""', 'garbage"'])
      expect((await plain('GET', path, { 'If-None-Match': field })).status).toBe(200);
  });

  it.each([
    ['"3"', 200],
    ['"1", "3"', 200],
    ['*', 200],
    ['"4"', 412],
    ['W/"3"', 412],
    ['3', 412],
    ['"3', 412],
    ['"abc"', 412],
    ['', 412],
  ])('are changed if If-Match %s allows it', async (field, status) => {
    const headers = { 'Content-Type': 'application/json', 'If-Match': field };
    const answer = await call(`/v1/things/${ID}`, { method: 'PATCH', headers, body: '{"name":"b"}' });
    expect(answer.status).toBe(status);
    if (status === 200) expect(answer.headers['etag']).toBe('"4"');
    else expect(answer.headers['etag']).toBeUndefined();
  });

  it('have a Location when created', async () => {
    const answer = await post({ name: 'a' });
    expect([answer.status, answer.headers['location'], answer.headers['etag']]).toEqual([
      201,
      `/v1/things/${ID}`,
      '"1"',
    ]);
  });

  it('link to the next page with the same query', async () => {
    const answer = await call('/v1/things?sort=name&limit=5&cursor=old');
    expect(answer.headers['link']).toBe('</v1/things?sort=name&limit=5&cursor=next%3D1>; rel="next"');
    expect(answer.body['page']).toEqual({ nextCursor: 'next=1', limit: 5 });
  });
});

describe('CORS', () => {
  it('opens to the listed origin alone', async () => {
    const from = (origin: string) => plain('GET', '/v1/things', { Origin: origin });
    const known = await from('https://app.example.com');
    expect(known.headers['access-control-allow-origin']).toBe('https://app.example.com');
    expect(known.headers['access-control-expose-headers']).toContain('X-Request-Id');
    expect(known.headers['vary']).toContain('Origin');
    for (const origin of ['https://app.example.com.evil.org', 'http://app.example.com', 'null']) {
      const answer = await from(origin);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      expect(answer.headers['vary']).toContain('Origin');
    }
  });

  it('answers preflights', async () => {
    const headers = { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'PATCH' };
    const answer = await plain('OPTIONS', `/v1/things/${ID}`, headers);
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-methods']).toContain('PATCH');
    expect(answer.headers).toMatchObject(SECURITY);
  });

  it('is closed by default', async () => {
    const closed = await startEdge();
    const answer = await call('/v1/things', { headers: { Origin: 'https://app.example.com' } }, closed.url);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    await closeGracefully(closed.app);
  });
});

describe('health', () => {
  afterEach(() => {
    Object.assign(edge.ready, { fails: false, hangs: false });
  });

  it('is ready when all checks pass, and 503 without details when one fails', async () => {
    const ready = await call('/health/ready');
    expect([ready.status, ready.body['status']]).toEqual([200, 'ok']);
    edge.ready.fails = true;
    const failed = await call('/health/ready');
    expect([failed.status, failed.body['code']]).toEqual([503, 'unavailable']);
    expect(failed.headers['retry-after']).toBe('1');
    expect(failed.text).not.toContain('secret');
    expect((await call('/health/live')).status).toBe(200);
  });

  it('does not wait for a check that hangs', async () => {
    edge.ready.hangs = true;
    expect((await call('/health/ready')).status).toBe(503);
  });
});

describe('the log', () => {
  it('has a line for each request, without query, headers or body', async () => {
    const headers = {
      Authorization: 'Bearer topsecret',
      'X-Request-Id': 'log-line-1',
      'Content-Type': 'application/json',
    };
    await call('/v1/things?cursor=querysecret', { method: 'POST', headers, body: '{"name":"bodysecret"}' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const line =
      edge
        .log()
        .split('\n')
        .find((text) => text.includes('log-line-1')) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({
      req: { method: 'POST', path: '/v1/things' },
      res: { statusCode: 422 },
    });
    expect(edge.log()).not.toMatch(/topsecret|querysecret|bodysecret/);
  });
});
