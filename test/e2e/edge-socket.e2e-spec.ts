import { connect } from 'node:net';
import { closeGracefully } from '../../src/platform/http/edge.adapter.js';
import { SERVER_LIMITS } from '../../src/platform/http/http-server.js';
import { startEdge, type EdgeApp } from '../support/edge-app.js';
import { clientOf, ID, SECURITY } from '../support/edge-client.js';
import { sendRaw } from '../support/raw-http.js';

let edge: EdgeApp;
beforeAll(async () => {
  edge = await startEdge({}, { ...SERVER_LIMITS, headersTimeoutMs: 1500, requestTimeoutMs: 2500 });
});
afterAll(() => closeGracefully(edge.app));

const { call, send } = clientOf(() => edge.url);

describe('the socket', () => {
  const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
  const expectRefusal = (answer: string, status: number) => {
    expect(answer.split('\r\n')[0]).toContain(`HTTP/1.1 ${status} `);
    for (const [name, value] of Object.entries(SECURITY))
      expect(answer.toLowerCase()).toContain(`${name}: ${value.toLowerCase()}`);
    expect(answer).toContain('application/problem+json');
    expect(answer.toLowerCase()).toContain('connection: close');
  };

  it.each([
    ['garbage', 'NOT HTTP AT ALL\r\n\r\n', 400],
    ['two hosts', 'GET /v1/things HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['two equal hosts', 'GET /v1/things HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 400],
    ['another host in the target', 'GET http://evil.example/v1/things HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['another scheme in the target', 'GET ftp://a/v1/things HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    [
      'both lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['large headers', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['an expectation', 'GET /v1/things HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n', 417],
    [
      'a slow body',
      'POST /v1/things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
      408,
    ],
    ['a malformed host', 'GET /v1/things HTTP/1.1\r\nHost: a b/<>\r\n\r\n', 400],
    ['HTTP/0.9', 'GET /v1/things\r\n\r\n', 400],
    [
      'a broken chunk',
      'POST /v1/things HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
    ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 405],
    ['a silent client', '', 408],
    ['a slow head', 'GET /v1/things HTTP/1.1\r\nHost: a\r\nX-Slow: ', 408],
  ])('refuses %s with a problem', async (_, text, status) => {
    expectRefusal(await sendRaw(edge.url, text), status);
  });

  it('takes hosts as they are spelled, and chunked bodies', async () => {
    for (const host of ['localhost:3000', '127.0.0.1', '[::1]:3000', 'a_b.example', ''])
      expect(
        await sendRaw(edge.url, head('GET /v1/things HTTP/1.1', `Host: ${host}`, 'Connection: close')),
      ).toContain(' 200 ');
    const lines = [
      'Host: a',
      'Connection: close',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    ];
    const chunked = head('POST /v1/things HTTP/1.1', ...lines);
    expect(await sendRaw(edge.url, `${chunked}c\r\n{"name":"a"}\r\n0\r\n\r\n`)).toContain(' 201 ');
    expect(await sendRaw(edge.url, `${chunked}0\r\n\r\n`)).toContain(' 422 ');
  });

  it('needs a Host, and takes its own in the target', async () => {
    expect(await sendRaw(edge.url, head('GET /v1/things HTTP/1.1', 'Connection: close'))).toContain(
      'HTTP/1.1 400',
    );
    const same = head('GET http://a/v1/things HTTP/1.1', 'Host: a', 'Connection: close');
    expect(await sendRaw(edge.url, same)).toContain('HTTP/1.1 200');
  });

  it('stays alive when clients break off', async () => {
    const { hostname, port } = new URL(edge.url);
    for (const text of [
      'POST /v1/things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
      'G',
    ])
      await new Promise((resolve) => {
        const socket = connect(Number(port), hostname, () => socket.write(text, () => socket.destroy()));
        socket.on('close', resolve);
      });
    expect((await call('/health/live')).status).toBe(200);
    expect(edge.log()).not.toContain('request.aborted');
  });

  it('serves pipelined requests in order', async () => {
    const one = 'GET /health/live HTTP/1.1\r\nHost: a\r\n';
    const answer = await sendRaw(edge.url, `${one}\r\n${one}Connection: close\r\n\r\n`);
    expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  it('bounds the connections of one address', async () => {
    const small = await startEdge({}, { ...SERVER_LIMITS, maxConnectionsPerAddress: 3 });
    const { hostname, port } = new URL(small.url);
    const held = Array.from({ length: 3 }, () => connect(Number(port), hostname));
    await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const request = head('GET /v1/things HTTP/1.1', 'Host: a', 'Connection: close');
    expect(await sendRaw(small.url, request)).toBe('');
    held.forEach((socket) => socket.destroy());
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await sendRaw(small.url, request)).toContain('200 OK');
    await closeGracefully(small.app);
  });

  it('lets requests in flight finish when it closes, and takes no more', async () => {
    const closing = await startEdge();
    const { hostname, port } = new URL(closing.url);
    const idle = connect(Number(port), hostname);
    idle.on('error', () => undefined);
    const slow = sendRaw(closing.url, head('GET /v1/things/slow HTTP/1.1', 'Host: a'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const started = Date.now();
    const closed = closeGracefully(closing.app);
    await expect(fetch(`${closing.url}/health/live`)).rejects.toThrow();
    const answer = await slow;
    expect(answer).toContain('{"done":true}');
    expect(answer.toLowerCase()).toContain('connection: close');
    await closed;
    expect(Date.now() - started).toBeLessThan(3000);
  });

  it('cuts what does not finish in time', async () => {
    const closing = await startEdge();
    const slow = sendRaw(closing.url, head('GET /v1/things/slow HTTP/1.1', 'Host: a'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await closeGracefully(closing.app, 50);
    expect(await slow).toBe('');
  });
});

describe('rate limits', () => {
  it('are one budget over all routes, unknown ones and malformed bodies too, but not health', async () => {
    const limited = await startEdge({ RATE_LIMIT_PER_MINUTE: '6' });
    const get = (path: string) => call(path, {}, limited.url);
    const first = await get('/v1/things');
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"default";q=6;w=60',
      'x-ratelimit-limit': '6',
      'x-ratelimit-remaining': '5',
    });
    expect(first.headers['ratelimit']).toMatch(/^"default";r=5;t=(60|59)$/);
    await get(`/v1/things/${ID}`);
    await get('/nowhere');
    await get('/v1/things/x');
    await send('POST', '/v1/things', '{', undefined, limited.url);
    expect((await get('/v1/things')).headers['x-ratelimit-remaining']).toBe('0');
    const past = await get('/v1/things');
    expect([past.status, past.body['code']]).toEqual([429, 'rate_limited']);
    expect(past.headers['ratelimit']).toMatch(/^"default";r=0;t=\d+$/);
    expect(past.headers['retry-after']).toBe(/t=(\d+)/.exec(past.headers['ratelimit'] ?? '')?.[1]);
    expect((await get('/nowhere')).status).toBe(429);
    expect((await get('/health/live')).status).toBe(200);
    expect((await call('/health/live')).headers['ratelimit']).toBeUndefined();
    await closeGracefully(limited.app);
  });

  it('are tighter where the route says so', async () => {
    const limited = await startEdge({ RATE_LIMIT_PER_MINUTE: '50', LOGIN_RATE_LIMIT_PER_MINUTE: '2' });
    const login = (path: string) => call(path, { method: 'POST' }, limited.url);
    const first = await login('/v1/things/login');
    expect(first.headers['ratelimit-policy']).toBe('"default";q=50;w=60, "login";q=2;w=60');
    expect(first.headers['x-ratelimit-remaining']).toBe('1');
    expect((await login('/v1/things/other-login')).status).toBe(200);
    expect((await login('/v1/things/login')).status).toBe(429);
    expect((await call('/v1/things', {}, limited.url)).status).toBe(200);
    await closeGracefully(limited.app);
  });

  it('go by the address that a trusted proxy names, IPv6 by its /64, and by no other', async () => {
    const behind = await startEdge({ RATE_LIMIT_PER_MINUTE: '2', TRUST_PROXY: '127.0.0.1/32' });
    const from = async (address: string, url = behind.url) =>
      (await call('/v1/things', { headers: { 'X-Forwarded-For': address } }, url)).status;
    expect([await from('192.0.2.1'), await from('::ffff:192.0.2.1'), await from('192.0.2.1')]).toEqual([
      200, 200, 429,
    ]);
    expect([
      await from('2001:db8::1'),
      await from('2001:db8:0:0:ffff::2'),
      await from('2001:db8::3'),
    ]).toEqual([200, 200, 429]);
    expect(await from('2001:db8:0:1::1')).toBe(200);
    await closeGracefully(behind.app);

    const direct = await startEdge({ RATE_LIMIT_PER_MINUTE: '2' });
    expect([await from('192.0.2.1', direct.url), await from('192.0.2.2', direct.url)]).toEqual([200, 200]);
    expect(await from('192.0.2.3', direct.url)).toBe(429);
    await closeGracefully(direct.app);
  });
});
