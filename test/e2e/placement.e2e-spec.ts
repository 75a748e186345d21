import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '../support/client.js';

import { TwoDatabases } from '../support/two-databases.js';
import { until } from '../support/until.js';
import type { TenantWorld } from '../support/world.js';

let two: TwoDatabases;

beforeAll(async () => {
  two = await TwoDatabases.open();
});

beforeAll(() => two.serve());

afterAll(() => two.close());

describe('tenants on two PostgreSQL servers', () => {
  it('spread by themselves, and operators see where each lives', async () => {
    const made = [await two.tenant(), await two.tenant()];
    const answers = await Promise.all(made.map(({ id }) => two.operator.get(`/v1/tenants/${id}`)));
    const databases = answers.map(({ body }) => (body as { database: string }).database);
    expect(databases.toSorted()).toEqual(['east', 'main']);
  });

  it('are made where the operator says, and have their schema there alone', async () => {
    const east = await two.tenant('east');
    const main = await two.tenant('main');
    expect(await two.placesOf(east.schema)).toEqual({ main: 0, east: 1 });
    expect(await two.placesOf(main.schema)).toEqual({ main: 1, east: 0 });
  });

  it('read and write, each their own rows', async () => {
    const [east, main] = [await two.tenant('east'), await two.tenant('main')];
    const [theirs, ours] = [await east.vendor(), await main.vendor()];
    const listed = async ({ admin }: typeof east): Promise<string[]> =>
      ((await admin.get('/v1/vendors')).body as { data: { id: string }[] }).data.map(({ id }) => id);
    expect(await listed(east)).toEqual([theirs.id]);
    expect(await listed(main)).toEqual([ours.id]);
    expect((await main.admin.get(`/v1/vendors/${theirs.id}`)).status).toBe(404);
    expect((await east.admin.get(`/v1/vendors/${ours.id}`)).status).toBe(404);
    const [row] = await two.onEast<{ count: number }>(`SELECT count(*)::int FROM ${east.schema}.vendor`);
    expect(row).toEqual({ count: 1 });
  });

  it('cannot be reached by the role of a tenant of the other server', async () => {
    const [east, main] = [await two.tenant('east'), await two.tenant('main')];
    expect(await two.onEast('SELECT FROM pg_roles WHERE rolname = $1', [main.schema])).toEqual([]);
    expect(await two.onMain('SELECT FROM pg_roles WHERE rolname = $1', [east.schema])).toEqual([]);
    // Were the registry to name the wrong server, nothing of the tenant would be found there.
    await two.onMain(`UPDATE platform.tenant SET database = 'main' WHERE id = $1`, [east.id]);
    await sleep(600);
    expect((await east.admin.get('/v1/vendors')).status).toBe(500);
    await two.onMain(`UPDATE platform.tenant SET database = 'east' WHERE id = $1`, [east.id]);
    await sleep(600);
    expect((await east.admin.get('/v1/vendors')).status).toBe(200);
  });

  it('have the same doors closed on either server', async () => {
    const doors = `SELECT has_function_privilege(oid, 'pg_catalog.set_config(text,text,boolean)', 'EXECUTE') AS config,
                          has_language_privilege(oid, 'plpgsql', 'USAGE') AS language
                     FROM pg_roles WHERE rolname = $1`;
    const east = await two.tenant('east');
    expect(await two.onEast(doors, [east.schema])).toEqual([{ config: false, language: false }]);
  });

  it('are refused on a database that is not known', async () => {
    const answer = await two.operator.post('/v1/tenants', {
      slug: 'nowhere',
      name: 'Nowhere',
      admin: { email: 'a@ringfence.test' },
      database: 'west',
    });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      errors: [{ pointer: '/database', code: 'unknown_database', detail: 'Must be one of east, main.' }],
    });
  });

  it('go with all they have when they are deleted', async () => {
    const east = await two.tenant('east');
    expect((await two.operator.delete(`/v1/tenants/${east.id}?confirm=${east.slug}`)).status).toBe(204);
    expect(await two.placesOf(east.schema)).toEqual({ main: 0, east: 0 });
    expect(await two.onEast('SELECT FROM pg_roles WHERE rolname = $1', [east.schema])).toEqual([]);
  });

  it('are all migrated by one command', async () => {
    const [east, main] = [await two.tenant('east'), await two.tenant('main')];
    await two.onMain('UPDATE platform.tenant SET fingerprint = NULL WHERE id = ANY ($1)', [
      [east.id, main.id],
    ]);
    const ran = await two.run('tenant', 'migrate', '--json');
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.output)).toMatchObject({
      planned: 2,
      outcomes: [{ status: 'done' }, { status: 'done' }],
    });
  });

  it('are compared with what the migrations make, each on its server', async () => {
    const [east, main] = [await two.tenant('east'), await two.tenant('main')];
    await two.onEast(`ALTER TABLE ${east.schema}.vendor ADD COLUMN strange int`);
    const verified = await two.run('tenant', 'status', '--verify');
    expect(verified).toMatchObject({ code: 1 });
    expect(verified.output).toContain(east.slug);
    expect(verified.output).not.toContain(`failed ${main.slug}`);
    await two.onEast(`ALTER TABLE ${east.schema}.vendor DROP COLUMN strange`);
    expect(await two.run('tenant', 'status', '--verify')).toMatchObject({ code: 0 });
  });

  it('are exported from one and imported on the other', async () => {
    const main = await two.tenant('main');
    const vendor = await main.vendor();
    const file = two.file(`${main.slug}.zip`);
    expect(await two.run('tenant', 'export', main.slug, '--out', file)).toMatchObject({ code: 0 });
    const slug = `${main.slug}-copy`;
    const ran = await two.run('tenant', 'import', file, '--slug', slug, '--database', 'east');
    expect(ran).toMatchObject({ code: 0 });
    const [row] = await two.onMain<{ name: string; database: string }>(
      'SELECT schema_name AS name, database FROM platform.tenant WHERE slug = $1',
      [slug],
    );
    expect(row!.database).toBe('east');
    expect(await two.onEast(`SELECT id FROM ${row!.name}.vendor`)).toEqual([{ id: vendor.id }]);
  });
});

describe('what a crash leaves on the second server', () => {
  it('is cleared away with a tenant that was never finished', async () => {
    const east = await two.tenant('east');
    await two.onMain(
      `UPDATE platform.tenant SET status = 'provisioning', created_at = now() - interval '1 hour' WHERE id = $1`,
      [east.id],
    );
    expect(await two.run('tenant', 'list')).toMatchObject({ code: 0 });
    expect(await two.placesOf(east.schema)).toEqual({ main: 0, east: 0 });
    expect(await two.onMain('SELECT FROM platform.tenant WHERE id = $1', [east.id])).toEqual([]);
  });
});

describe('a database that is closed to new tenants', () => {
  beforeAll(async () => {
    expect(await two.run('database', 'close', 'main')).toMatchObject({ code: 0 });
  });

  afterAll(async () => {
    expect(await two.run('database', 'open', 'main')).toMatchObject({ code: 0 });
  });

  it('gets none any more', async () => {
    for (let time = 0; time < 3; time++)
      expect(await two.placesOf((await two.tenant()).schema)).toEqual({ main: 0, east: 1 });
  });

  it('is never the last', async () => {
    expect(await two.run('database', 'close', 'east')).toMatchObject({ code: 1 });
  });
});

describe('a server whose second database is away', () => {
  it('answers 503 to the tenants there alone, says so, and serves them again without a restart', async () => {
    const [east, main] = [await two.tenant('east'), await two.tenant('main')];
    await two.killEast();
    await until(async () => (await east.admin.get('/v1/vendors')).status === 503);
    const answer = await east.admin.get('/v1/vendors');
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await main.admin.get('/v1/vendors')).status).toBe(200);
    const ready = await send('GET', '/health/ready');
    expect(ready.status).toBe(200);
    expect(ready.text).toContain('"tenantDatabasesAway":1');
    // New tenants are made where there is a server.
    expect((await two.tenant()).schema).toMatch(/^t_/);
    await two.startEast();
    await until(async () => (await east.admin.get('/v1/vendors')).status === 200);
    expect((await send('GET', '/health/ready')).text).not.toContain('tenantDatabasesAway');
  });
});

describe('a server that starts while its second database is away', () => {
  let east: TenantWorld;
  let main: TenantWorld;

  beforeAll(async () => {
    [east, main] = [await two.tenant('east'), await two.tenant('main')];
    await two.server.stop();
    await two.stopEast();
  });

  beforeAll(() => two.serve());

  it('serves all other tenants, answers 503 to those there, and says so', async () => {
    expect((await main.admin.get('/v1/vendors')).status).toBe(200);
    const answer = await east.admin.get('/v1/vendors');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(two.server.output()).toContain('the tenant database east is away');
  });

  it('takes the database in when it comes back', async () => {
    await two.startEast();
    await until(async () => (await east.admin.get('/v1/vendors')).status === 200);
  });
});

describe('a name of a database', () => {
  it('is refused at the start where it leads to another database than it did', async () => {
    await two.server.stop();
    await expect(
      two.serve({ TENANT_DATABASES: two.environment.TENANT_DATABASES!.replace('east', 'west') }),
    ).rejects.toThrow('TENANT_DATABASES: west is another database than the registry knows');
  });
});
