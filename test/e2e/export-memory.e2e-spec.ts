import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client as PgClient } from 'pg';
import { connectToRunning } from '../../src/platform/database/embedded-postgres.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD, startServer, type RunningServer } from '../support/server.js';

const AGENTS = 5000;
const EXPORTS = 5;
/** Far above what is seen, far below what holding the rows of some large tenant would take. */
const MAX_GROWTH_MB = 96;

describe('an export of many rows', () => {
  let server: RunningServer;

  beforeAll(async () => {
    server = await startServer();
  }, 100_000);

  afterAll(async () => {
    await server.stop();
  });

  const post = (path: string, body: unknown, token?: string): Promise<Response> =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  /** The memory of the server's process, in MB. */
  const memoryMb = (): number =>
    Number(execFileSync('ps', ['-o', 'rss=', '-p', String(server.process.pid)]).toString()) / 1024;
  /** The first operator is made just after the server has said that it listens. */
  const signIn = async (): Promise<string> => {
    for (;;) {
      const login = await post('/v1/auth/login', { email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD });
      if (login.ok) return ((await login.json()) as { accessToken: string }).accessToken;
      await sleep(100);
    }
  };

  it(`of ${AGENTS} agents takes no more memory than one of none`, async () => {
    const accessToken = await signIn();
    const admin = { email: 'a@ringfence.test', password: 'a passphrase of some length' };
    const made = await post('/v1/tenants', { slug: 'many', name: 'Many', admin }, accessToken);
    const { id } = (await made.json()) as { id: string };
    const exported = async (): Promise<number> => {
      const answer = await post(`/v1/tenants/${id}/export`, undefined, accessToken);
      expect(answer.status).toBe(200);
      return (await answer.arrayBuffer()).byteLength;
    };
    await exported();
    const before = memoryMb();
    const running = await connectToRunning(server.dataDir);
    const database = new PgClient(running!.connection);
    await database.connect();
    const { rows } = await database.query<{ schema_name: string }>('SELECT schema_name FROM platform.tenant');
    await database.query(`SET search_path = "${rows[0]!.schema_name}"`);
    await database.query(
      `INSERT INTO vendor (id, name, contact_email, status, tags, version)
         VALUES (gen_random_uuid(), 'V', 'v@ringfence.test', 'active', '{}', 1)`,
    );
    await database.query(
      `INSERT INTO agent (id, vendor_id, name, kind, status, capabilities, version)
         SELECT gen_random_uuid(), vendor.id, repeat(md5(n::text), 6), 'human', 'active', '{a,b,c}', 1
           FROM vendor, generate_series(1, ${AGENTS}) AS n`,
    );
    await database.end();
    const sizes: number[] = [];
    let most = 0;
    for (let round = 0; round < EXPORTS; round++) {
      sizes.push(await exported());
      most = Math.max(most, memoryMb());
    }
    process.stdout.write(
      `export of ${AGENTS} agents, ${sizes[0]} bytes of zip: server at ${before.toFixed(0)} MB before, at most ${most.toFixed(0)} MB after each of ${EXPORTS} exports\n`,
    );

    expect(sizes[0]).toBeGreaterThan(100_000);
    expect(most - before).toBeLessThan(MAX_GROWTH_MB);
  }, 60_000);
});
