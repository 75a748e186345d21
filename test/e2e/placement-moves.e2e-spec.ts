import { setTimeout as sleep } from 'node:timers/promises';

import { entriesOf, verify, type AuditEntry, type Verification } from '../support/audit.js';
import { send, type Client } from '../support/client.js';
import { startServer, type RunningServer } from '../support/server.js';
import { SteadyWrites } from '../support/steady-writes.js';
import { TwoDatabases, type PlacedTenant } from '../support/two-databases.js';
import { until } from '../support/until.js';

let two: TwoDatabases;

beforeAll(async () => {
  two = await TwoDatabases.open();
});

beforeAll(() => two.serve());

afterAll(() => two.close());

describe('a tenant that moved to another server while it was written to', () => {
  let tenant: PlacedTenant;
  let vendor: { id: string };
  let writes: SteadyWrites;
  let proved: Verification;
  let known: AuditEntry[];

  beforeAll(async () => {
    tenant = await two.tenant('main');
    vendor = await tenant.vendor();
    await tenant.agent(vendor);
    proved = await verify(tenant.admin);
    known = (await entriesOf(tenant.admin)).filter(({ sequence }) => sequence !== null);
  });

  beforeAll(async () => {
    writes = SteadyWrites.begin(tenant);
    await writes.more(1);
    expect(await two.begin('tenant', 'move', tenant.slug, '--to', 'east').ended).toBe(0);
    // Whoever waited for the move goes on by themselves.
    await writes.more(3);
    await writes.end();
  });

  it('has every row that was acknowledged there, and nothing stays behind', async () => {
    expect(await two.placesOf(tenant.schema)).toEqual({ main: 0, east: 1 });
    const rows = await two.onEast<{ id: string }>(`SELECT id FROM ${tenant.schema}.vendor`);
    const ids = new Set(rows.map(({ id }) => id));
    expect([vendor.id, ...writes.made].filter((id) => !ids.has(id))).toEqual([]);
    expect(rows).toHaveLength(writes.made.length + 1);
  });

  it('refused meanwhile what it could not keep, and its callers stayed signed in', async () => {
    expect(writes.refusals).toEqual([403]);
    expect(writes.refused[0]!.body).toMatchObject({ code: 'tenant_suspended' });
    expect((await tenant.admin.get(`/v1/vendors/${vendor.id}`)).body).toMatchObject({ id: vendor.id });
  });

  it('has there what the migrations make of an empty schema', async () => {
    expect(await two.run('tenant', 'status', '--verify')).toMatchObject({ code: 0 });
  });

  it('keeps its audit log, which goes on and is proved there', async () => {
    // Oldest first, since much was written after.
    expect(await entriesOf(tenant.admin, '&sort=createdAt')).toEqual(expect.arrayContaining(known));
    const after = await verify(tenant.admin);
    expect([proved.valid, after.valid]).toEqual([true, true]);
    expect(after.entries).toBeGreaterThan(proved.entries);
    await two.onEast(
      `UPDATE ${tenant.schema}.audit_event SET outcome = 'failure'
        WHERE id = (SELECT event_id FROM ${tenant.schema}.audit_link WHERE sequence = 1)`,
    );
    expect(await verify(tenant.admin)).toMatchObject({ valid: false, firstBad: 1 });
  });

  it('has its move in the log of the platform', async () => {
    expect(await entriesOf(two.operator, '&action=tenant_updated')).toContainEqual(
      expect.objectContaining({
        target: { type: 'tenant', id: tenant.id },
        changes: { before: { database: 'main' }, after: { database: 'east' } },
      }),
    );
  });
});

describe('a tenant whose move does not end', () => {
  it('is as before when the move fails', async () => {
    const tenant = await two.tenant('main');
    const vendor = await tenant.vendor();
    // A schema of that name is in the way, as after a restore by hand.
    await two.onEast(`CREATE ROLE ${tenant.schema}`);
    const ran = await two.run('tenant', 'move', tenant.slug, '--to', 'east');
    expect(ran.code).toBe(1);
    await sleep(600);
    expect((await tenant.admin.get(`/v1/vendors/${vendor.id}`)).status).toBe(200);
    await tenant.vendor();
    expect(await two.placesOf(tenant.schema)).toEqual({ main: 1, east: 0 });
  });

  it('stays suspended after a crash, with all its rows, until the move is begun again', async () => {
    const tenant = await two.tenant('main');
    const vendor = await tenant.vendor();
    // What a move that was killed while it copied leaves: a recorded copy that does not count, and no right to write.
    await two.onMain(
      `UPDATE platform.tenant SET stale_copy_on = 'east', status = 'suspended', suspension_mode = 'blocked',
              suspended_at = now(), suspension_reason = 'It moves to another database.' WHERE id = $1`,
      [tenant.id],
    );
    await two.onMain(
      `REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${tenant.schema} FROM ${tenant.schema}`,
    );
    await two.onEast(`CREATE SCHEMA ${tenant.schema} AUTHORIZATION ringfence_tenant_owner`);
    await sleep(600);
    expect((await tenant.admin.get('/v1/vendors')).status).toBe(403);
    expect(await two.run('tenant', 'move', tenant.slug, '--to', 'east')).toMatchObject({ code: 0 });
    await until(async () => (await tenant.admin.get('/v1/vendors')).status !== 403);
    expect((await tenant.admin.get(`/v1/vendors/${vendor.id}`)).status).toBe(200);
    await tenant.vendor();
    expect(await two.placesOf(tenant.schema)).toEqual({ main: 0, east: 1 });
  });
});

describe('a tenant whose move was killed', () => {
  let tenant: PlacedTenant;
  let vendor: { id: string };

  beforeAll(async () => {
    tenant = await two.tenant('main');
    vendor = await tenant.vendor();
    const move = two.begin('tenant', 'move', tenant.slug, '--to', 'east');
    await until(async () => (await two.placesOf(tenant.schema)).east === 1);
    move.kill();
    await move.ended;
  });

  it('has all its rows in one place when the move is begun again', async () => {
    expect(await two.run('tenant', 'move', tenant.slug, '--to', 'east')).toMatchObject({ code: 0 });
    await until(async () => (await tenant.admin.get('/v1/vendors')).status !== 403);
    expect((await tenant.admin.get(`/v1/vendors/${vendor.id}`)).status).toBe(200);
    await tenant.vendor();
    expect(await two.placesOf(tenant.schema)).toEqual({ main: 0, east: 1 });
  });
});

describe('callers of a tenant on the second server', () => {
  const LISTENING = `application_name = 'ringfence_registry_changes'`;
  let tenant: PlacedTenant;
  let user: Client;
  let other: RunningServer;

  /** What the node that serves all, and another one, answer to the user. */
  const answers = async (): Promise<number[]> =>
    Promise.all(
      [two.server, other].map(
        async ({ url }) => (await send('GET', `${url}/v1/me`, { token: user.token })).status,
      ),
    );
  const become = (status: 'active' | 'disabled', by = ''): Promise<unknown> =>
    two.onEast(
      `UPDATE ${tenant.schema}."user" SET locked_at = ${status === 'active' ? 'NULL' : 'now()'} WHERE id = '${user.me.id}'; ${by}`,
    );

  beforeAll(async () => {
    other = await startServer(two.environment);
    tenant = await two.tenant('east');
    user = await tenant.as('viewer');
    await until(async () => (await listening()) === 2);
  });

  const listening = async (): Promise<number> =>
    (await two.onEast<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE ${LISTENING}`)).length;

  afterAll(() => other.stop());

  it('are remembered on every node, which hear what is announced there', async () => {
    // Nobody is told of what is done behind the servers' backs, so whoever still knows the user asks nobody.
    await until(async () => {
      await become('active');
      await answers();
      await become('disabled');
      return (await answers()).join() === '200,200';
    });
    await become('disabled', `SELECT pg_notify('ringfence_changes', 'anything')`);
    await until(async () => (await answers()).join() === '401,401');
    await become('active');
    expect(await answers()).toEqual([200, 200]);
  });

  it('are refused on every node within a second once they are shut out on one', async () => {
    await answers();
    const etag = (await tenant.admin.get(`/v1/users/${user.me.id}`)).headers.get('etag')!;
    const shutOut = await tenant.admin.patch(
      `/v1/users/${user.me.id}`,
      { status: 'disabled' },
      { 'if-match': etag },
    );
    expect(shutOut.status).toBe(200);
    await sleep(1000);
    expect(await answers()).toEqual([401, 401]);
    await become('active', `UPDATE ${tenant.schema}.session SET ended_at = NULL`);
  });

  it('are asked for each time while nothing is heard from there', async () => {
    await until(async () => (await answers()).join() === '200,200');
    await two.onEast(`ALTER ROLE ringfence_registry NOLOGIN`);
    await two.onEast(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${LISTENING}`);
    await until(async () => (await listening()) === 0);
    await sleep(1000);
    await become('disabled');
    expect(await answers()).toEqual([401, 401]);
    await two.onEast(`ALTER ROLE ringfence_registry LOGIN`);
    await until(async () => (await listening()) === 2);
  });
});

describe('a schema on the second server that the registry never knew', () => {
  let empty: PlacedTenant;
  let full: PlacedTenant;

  beforeAll(async () => {
    [empty, full] = [await two.tenant('east'), await two.tenant('east')];
    const filled = ['"user"', 'audit_event', 'audit_link', 'audit_pending'].map(
      (table) => `${empty.schema}.${table}`,
    );
    await two.onEast(`TRUNCATE ${filled.join(', ')} CASCADE`);
    await two.onMain('DELETE FROM platform.tenant WHERE id = ANY ($1)', [[empty.id, full.id]]);
  });

  afterAll(async () => {
    await two.onEast(`DROP SCHEMA ${full.schema} CASCADE`);
    await two.onEast(`DROP ROLE ${full.schema}`);
  });

  it('is found', async () => {
    const orphans = 'SELECT name, database FROM platform.orphan ORDER BY name';
    await two.run('tenant', 'list');
    expect(await two.onMain(orphans)).toEqual(
      [empty.schema, full.schema].toSorted().map((name) => ({ name, database: 'east' })),
    );
  });

  it('is removed when it was found long ago, but not when it holds rows', async () => {
    await two.onMain(`UPDATE platform.orphan SET first_seen_at = now() - interval '2 days'`);
    await two.run('tenant', 'list');
    expect(await two.placesOf(empty.schema)).toEqual({ main: 0, east: 0 });
    expect(await two.placesOf(full.schema)).toEqual({ main: 0, east: 1 });
  });
});
