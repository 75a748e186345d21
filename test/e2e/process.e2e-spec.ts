import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client as PgClient } from 'pg';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { connectToRunning } from '../../src/platform/database/embedded-postgres.js';
import {
  OPERATOR_EMAIL,
  OPERATOR_PASSWORD,
  newHome,
  startServer,
  type RunningServer,
} from '../support/server.js';

const json = { 'content-type': 'application/json' };

async function signIn(url: string): Promise<string> {
  const body = JSON.stringify({ email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD });
  const answer = await fetch(`${url}/v1/auth/login`, { method: 'POST', headers: json, body });
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

async function makeTenant(url: string, token: string, slug: string): Promise<number> {
  const body = JSON.stringify({
    slug,
    name: slug,
    admin: { email: 'admin@example.com', password: 'a passphrase of their own' },
  });
  const headers = { ...json, authorization: `Bearer ${token}` };
  return (await fetch(`${url}/v1/tenants`, { method: 'POST', headers, body })).status;
}

async function slugs(url: string, token: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}/v1/tenants?limit=100`, { headers });
  return ((await answer.json()) as { data: { slug: string }[] }).data.map(({ slug }) => slug);
}

describe('the process', () => {
  let home: string;
  let server: RunningServer;

  beforeAll(async () => {
    home = newHome();
    server = await startServer({ DATA_DIR: join(home, 'data') });
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }, 30_000);

  it('outlives the end of all its database connections, and answers again at once', async () => {
    const token = await signIn(server.url);
    const { connection } = (await connectToRunning(server.dataDir))!;
    const owner = new PgClient(connection);
    await owner.connect();
    for (let round = 0; round < 5; round++) {
      await owner.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
      );
      await sleep(100);
      const statuses = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const headers = { authorization: `Bearer ${token}` };
          return (await fetch(`${server.url}/v1/tenants`, { headers })).status;
        }),
      );
      expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    }
    await owner.end();
    expect(await slugs(server.url, token)).toEqual([]);
    expect(server.process.exitCode).toBeNull();
  }, 30_000);

  it('killed in the middle of its work, starts again with all that it acknowledged', async () => {
    const token = await signIn(server.url);
    const acknowledged: string[] = [];
    let isKilled = false;
    const writing = Promise.all(
      ['a', 'b'].map(async (letter) => {
        for (let index = 0; !isKilled && index < 100; index++) {
          const slug = `${letter}${index}-tenant`;
          const status = await makeTenant(server.url, token, slug).catch(() => 0);
          if (status === 201) acknowledged.push(slug);
        }
      }),
    );
    await sleep(1500);
    isKilled = true;
    server.process.kill('SIGKILL');
    await writing;
    server = await startServer({ DATA_DIR: join(home, 'data') });
    const found = await slugs(server.url, await signIn(server.url));
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter((slug) => !found.includes(slug))).toEqual([]);
  }, 60_000);

  it('told to stop, answers what is under way and ends within 10 seconds', async () => {
    const { port } = new URL(server.url);
    const body = JSON.stringify({ email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD });
    const socket = connect(Number(port), '127.0.0.1');
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(
      `POST /v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    );
    await sleep(200);
    const began = Date.now();
    const exited = new Promise<number | null>((resolve) => server.process.once('exit', resolve));
    server.process.kill('SIGTERM');
    await sleep(500);
    await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
    socket.write(body.slice(10));
    await closed;
    expect(Buffer.concat(received).toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*accessToken/);
    expect(await exited).toBe(0);
    expect(Date.now() - began).toBeLessThan(10_000);
    server = await startServer({ DATA_DIR: join(home, 'data') });
  }, 60_000);
});
