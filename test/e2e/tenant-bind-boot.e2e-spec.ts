import { setTimeout as sleep } from 'node:timers/promises';
import { Client as Postgres } from 'pg';
import { connectToRunning } from '../../src/platform/database/embedded-postgres.js';
import { BINDING_MODES } from '../support/bindings.js';
import { serverUrl } from '../support/client.js';
import { sharedDatabase } from '../support/database.js';
import { startServer } from '../support/server.js';
import { world } from '../support/world.js';

const failureOf = async (env: Record<string, string>): Promise<string> => {
  try {
    const server = await startServer(env);
    await server.stop();
    return 'it started';
  } catch (error) {
    const written = (error as Error).message.split('it wrote:\n')[1]!.trim().split('\n');
    // The log's own lines are JSON.
    return written.filter((line) => !line.startsWith('{')).at(-1)!;
  }
};

describe('the start', () => {
  it('is refused in one line where set_user is asked for and missing', async () => {
    const line = await failureOf({ TENANT_BIND: 'set_user' });
    expect(line).toBe('TENANT_BIND=set_user needs the extension set_user, which this database does not have');
  });

  it('is refused in one line where PostgreSQL has no room for the pool', async () => {
    expect(await failureOf({ DB_POOL_SIZE: '100' })).toBe(
      "DB_POOL_SIZE=100 needs 114 connections with the registry's, the owner's and those that listen, but PostgreSQL has room for 97",
    );
  });

  it('is refused where a pooler is named for another way of binding', async () => {
    expect(await failureOf({ TENANT_DATABASE_URL: 'postgres://localhost:6432' })).toBe(
      'TENANT_DATABASE_URL: needs TENANT_BIND=transaction',
    );
  });
});

describe('a server that binds by transaction', () => {
  it('serves, and leaves no role on any session', async () => {
    expect(BINDING_MODES).toContain('transaction');
    const server = await startServer({ TENANT_BIND: 'transaction' });
    try {
      expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
      const owner = new Postgres((await connectToRunning(server.dataDir))!.connection);
      await owner.connect();
      const { rows } = await owner.query<{ config: string[] }>(
        `SELECT setconfig AS config FROM pg_db_role_setting WHERE setrole = 'ringfence_login_00'::regrole`,
      );
      expect(rows[0]?.config).toContain('statement_timeout=5000');
      await owner.end();
    } finally {
      await server.stop();
    }
  });
});

describe('a caller who hangs up', () => {
  it('takes the statement that runs for them along, within a second', async () => {
    const tenant = await world.tenant();
    const { id } = await tenant.vendor();
    const url = new URL(`/v1/vendors/${id}`, serverUrl());
    const { headers } = await tenant.admin.get(url.pathname);
    const owner = new Postgres((await sharedDatabase()).connection);
    await owner.connect();
    const { rows } = await owner.query<{ schema: string }>(
      `SELECT schema_name AS schema FROM platform.tenant WHERE id = $1`,
      [tenant.id],
    );
    await owner.query(`BEGIN; SELECT FROM "${rows[0]!.schema}".vendor FOR UPDATE`);
    const waiting = async () =>
      (
        await owner.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))`,
        )
      ).rows[0]!.count;
    const caller = new AbortController();
    const change = fetch(url, {
      method: 'PATCH',
      signal: caller.signal,
      headers: {
        authorization: `Bearer ${tenant.admin.token}`,
        'content-type': 'application/json',
        'if-match': headers.get('etag')!,
      },
      body: '{"name":"Changed"}',
    });
    while ((await waiting()) === 0) await sleep(20);
    const left = Date.now();
    caller.abort();
    await expect(change).rejects.toThrow('aborted');
    while ((await waiting()) > 0) await sleep(20);
    expect(Date.now() - left).toBeLessThan(1000);
    await owner.query('ROLLBACK');
    await owner.end();
  });
});
