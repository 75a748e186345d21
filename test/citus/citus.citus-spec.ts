import { until } from '../support/until.js';
import { verify, type Verification } from '../support/audit.js';
import { Cluster, type Node, type ShardedTenant } from './cluster.js';

const cluster = new Cluster(process.env.CITUS_URL!);

beforeAll(() => cluster.serve());
afterAll(() => cluster.close());

const elsewhere = async ([place]: Node[]): Promise<Node> => {
  const other = (await cluster.nodes()).find(
    ({ host, port }) => host !== place!.host || port !== place!.port,
  );
  if (!other) throw new Error('the cluster needs two nodes that may have tables');
  return other;
};

describe('tenants on a Citus cluster', () => {
  it('live on one node each, and spread over the nodes', async () => {
    const places = [];
    for (let count = 0; count < 2; count++) {
      const [place, ...others] = await cluster.placesOf((await cluster.tenant()).schema);
      expect(others).toEqual([]);
      places.push(place);
    }
    expect(places[0]).not.toEqual(places[1]);
  });

  it('are served straight from their node, and the coordinator sees nothing of it', async () => {
    const tenant = await cluster.tenant();
    const vendor = await tenant.vendor();
    await tenant.agent(vendor);
    expect((await tenant.admin.get(`/v1/vendors/${vendor.id}`)).status).toBe(200);
    const [place] = await cluster.placesOf(tenant.schema);
    const servedBy = async (node?: Node): Promise<{ port: number; application: string }[]> =>
      cluster.ask(
        // Citus calls its own sessions from node to node `citus_internal`.
        `SELECT DISTINCT inet_server_port() AS port, application_name AS application FROM pg_stat_activity
          WHERE query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid()`,
        [`"${tenant.schema}".`],
        node,
      );
    const direct = { port: place!.port, application: expect.stringMatching(/_login_\d\d$/) as string };
    const sessions = await servedBy(place);
    expect(sessions.length).toBeGreaterThan(0);
    for (const session of sessions) expect(session).toEqual(direct);
    expect(await servedBy()).toEqual([]);
    expect(await servedBy(await elsewhere([place!]))).toEqual([]);
  });

  it('cannot be read by their own role from any other node', async () => {
    const tenant = await cluster.tenant();
    const wrong = await elsewhere(await cluster.placesOf(tenant.schema));
    const read = cluster.ask(`SET ROLE ${tenant.schema}; SELECT * FROM ${tenant.schema}.vendor`, [], wrong);
    await expect(read).rejects.toThrow(/not permitted to log in/);
  });

  it('find the same doors closed on every node', async () => {
    const nodes = await cluster.nodes();
    for (const node of [...nodes, undefined]) {
      const rows = await cluster.ask(
        `SELECT bool_or(has_function_privilege(oid, 'pg_catalog.set_config(text,text,boolean)', 'EXECUTE')) AS "setConfig",
                bool_or(has_language_privilege(oid, 'plpgsql', 'USAGE')) AS plpgsql
           FROM pg_roles WHERE rolname LIKE current_database() || '\\_login\\___' OR rolname ~ '^t_[a-z2-7]{26}$'`,
        [],
        node,
      );
      expect(rows).toEqual([{ setConfig: false, plpgsql: false }]);
    }
  });

  it('are served again after their schema moved to another node, with all rows', async () => {
    const tenant = await cluster.tenant();
    const vendor = await tenant.vendor();
    const to = await elsewhere(await cluster.placesOf(tenant.schema));
    await cluster.move(tenant.schema, to, 'block_writes');
    const first = await tenant.admin.get(`/v1/vendors/${vendor.id}`);
    if (first.status !== 200) {
      expect(first.status).toBe(503);
      expect(first.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect((await tenant.admin.get(`/v1/vendors/${vendor.id}`)).body).toMatchObject({ id: vendor.id });
    await tenant.vendor();
    expect(await cluster.placesOf(tenant.schema)).toEqual([to]);
  });

  it('are found to be as the migrations make them', async () => {
    await cluster.tenant();
    expect(await cluster.run('tenant', 'status', '--verify')).toMatchObject({ code: 0 });
  });

  it('are migrated when they are behind', async () => {
    const tenant = await cluster.tenant();
    await cluster.ask(`DROP TABLE ${tenant.schema}.idempotency_key`);
    await cluster.ask(`DELETE FROM ${tenant.schema}.migration WHERE name LIKE 'TenantIdempotencyKeys%'`);
    await cluster.ask(
      `UPDATE platform.tenant SET schema_version = 'TenantCustomRoles1790000080000', fingerprint = NULL WHERE slug = $1`,
      [tenant.slug],
    );
    const ran = await cluster.run('tenant', 'migrate', '--json');
    expect(ran).toMatchObject({ code: 0 });
    expect(JSON.parse(ran.output)).toMatchObject({ planned: 1, outcomes: [{ status: 'done' }] });
    await tenant.vendor();
  });

  it('go from every node, with their role, when they are deleted', async () => {
    const tenant = await cluster.tenant();
    const deleted = await cluster.operator.delete(`/v1/tenants/${tenant.id}?confirm=${tenant.slug}`);
    expect(deleted.status).toBe(204);
    for (const node of await cluster.nodes())
      expect(
        await cluster.ask(
          'SELECT nspname FROM pg_namespace WHERE nspname = $1 UNION ALL SELECT rolname FROM pg_roles WHERE rolname = $1',
          [tenant.schema],
          node,
        ),
      ).toEqual([]);
  });
});

describe('a clone on a Citus cluster', () => {
  let tenant: ShardedTenant;
  let vendor: { id: string };
  const slugOfClone = (): string => `${tenant.slug}-copy`;

  beforeAll(async () => {
    tenant = await cluster.tenant();
    vendor = await tenant.vendor();
  });

  afterAll(() => cluster.run('tenant', 'delete', slugOfClone(), '--confirm', slugOfClone()));

  it('has all rows, on whichever node', async () => {
    const ran = await cluster.run('tenant', 'clone', tenant.slug, '--slug', slugOfClone());
    expect(ran).toMatchObject({ code: 0 });
    const schema = await cluster.schemaOf(slugOfClone());
    expect(await cluster.ask(`SELECT id FROM ${schema}.vendor`)).toEqual([{ id: vendor.id }]);
  });
});

describe('a tenant that is restored on a Citus cluster', () => {
  let tenant: ShardedTenant;
  let vendor: { id: string };
  let file: string;
  let proved: Verification;

  beforeAll(async () => {
    tenant = await cluster.tenant();
    vendor = await tenant.vendor();
    proved = await verify(tenant.admin);
    file = cluster.file(`${tenant.slug}.zip`);
  });

  beforeAll(async () => {
    expect(await cluster.run('tenant', 'export', tenant.slug, '--out', file)).toMatchObject({ code: 0 });
  });

  it('has the rows of the export, and no others', async () => {
    await tenant.vendor();
    expect(await cluster.run('tenant', 'restore', tenant.slug, '--from', file)).toMatchObject({ code: 0 });
    expect(await cluster.ask(`SELECT id FROM ${tenant.schema}.vendor`)).toEqual([{ id: vendor.id }]);
  });

  it('has the log that it had, which is proved, and goes on', async () => {
    // A restore may put the tables on the other node; the session has ended with it.
    await until(async () => (await tenant.admin.get('/v1/me')).status === 401);
    const admin = await cluster.signIn(tenant);
    const after = await verify(admin);
    expect([proved.valid, after.valid]).toEqual([true, true]);
    // Whoever signed in again is in it.
    expect(after.entries).toBeGreaterThan(proved.entries);
    await cluster.ask(
      `UPDATE ${tenant.schema}.audit_event SET outcome = 'failure'
        WHERE id = (SELECT event_id FROM ${tenant.schema}.audit_link WHERE sequence = 1)`,
    );
    expect(await verify(admin)).toMatchObject({ valid: false, firstBad: 1 });
  });

  it('is imported as another tenant, on whichever node', async () => {
    const slug = `${tenant.slug}-import`;
    expect(await cluster.run('tenant', 'import', file, '--slug', slug)).toMatchObject({ code: 0 });
    const schema = await cluster.schemaOf(slug);
    expect(await cluster.ask(`SELECT id FROM ${schema}.vendor`)).toEqual([{ id: vendor.id }]);
    expect(await cluster.placesOf(schema)).toHaveLength(1);
    expect(await cluster.run('tenant', 'delete', slug, '--confirm', slug)).toMatchObject({ code: 0 });
  });

  it('is still as the migrations make it', async () => {
    expect(await cluster.run('tenant', 'status', '--verify')).toMatchObject({ code: 0 });
  });
});
