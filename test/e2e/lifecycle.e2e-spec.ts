import type { Tenant, TenantStatus } from '../../src/platform/tenancy/registry/tenant.entity.js';
import { newSchemaName } from '../../src/platform/tenancy/tenant-schema.js';
import { Fleet, type Program } from '../support/fleet.js';

const AT_ONCE = { abandonedAfterMs: 0, orphanedAfterMs: 0 };
const NOTHING = { schemas: 0, roles: 0, memberships: 0 };

describe('the life of a tenant', () => {
  let fleet: Fleet;
  let program: Program;
  let destroyed: string[];

  beforeAll(async () => {
    fleet = await Fleet.open();
    program = await fleet.release();
    program.lifecycle.onDestroy((id) => Promise.resolve(void destroyed.push(id)));
  });
  beforeEach(() => {
    destroyed = [];
  });
  afterAll(() => fleet.close());

  const make = async (slug: string): Promise<Tenant> =>
    (await program.lifecycle.create({ slug, name: slug }, () => Promise.resolve())).tenant;
  const put = ({ id }: Tenant, status: TenantStatus) =>
    fleet.client.query('UPDATE platform.tenant SET status = $2 WHERE id = $1', [id, status]);
  const statusOf = async (slug: string): Promise<string | undefined> => {
    const { rows } = await fleet.client.query<{ status: string }>(
      'SELECT status FROM platform.tenant WHERE slug = $1',
      [slug],
    );
    return rows[0]?.status;
  };

  it('leaves no schema, role or membership behind, thirty times in a row', async () => {
    const tenants = await fleet.tenants(program, 30, 'short-lived');
    const names = tenants.map(({ schemaName }) => schemaName);
    expect(await fleet.leftovers(names)).toEqual({ schemas: 30, roles: 30, memberships: 30 });
    for (const tenant of tenants) await program.lifecycle.destroy(tenant);
    expect(await fleet.leftovers(names)).toEqual(NOTHING);
    expect(await program.lifecycle.findOrphans()).toEqual([]);
  });

  it('takes a failed creation back as if nobody had asked', async () => {
    let seen: string | undefined;
    const refused = program.lifecycle.create({ slug: 'refused', name: 'x' }, async () => {
      seen = await statusOf('refused');
      throw new Error('no administrator');
    });
    await expect(refused).rejects.toThrow('no administrator');
    expect(seen).toBe('provisioning');
    expect(await statusOf('refused')).toBeUndefined();
    expect(await fleet.leftovers([])).toEqual(NOTHING);
  });

  it.each<[string, TenantStatus, boolean]>([
    ['before anything was made', 'requested', false],
    ['before its schema was made', 'provisioning', false],
    ['after its schema was made', 'provisioning', true],
  ])('clears away one whose maker was killed %s, and frees its slug', async (_, status, hasSchema) => {
    const tenant = await make('half-made');
    await put(tenant, status);
    if (!hasSchema) await program.owner.dropSchema(tenant.schemaName);
    expect(await program.lifecycle.mend()).toEqual([]);
    expect(await statusOf('half-made')).toBe(status);
    expect(await program.lifecycle.mend(AT_ONCE)).toEqual([]);
    expect(await statusOf('half-made')).toBeUndefined();
    expect(await fleet.leftovers([tenant.schemaName])).toEqual(NOTHING);
    await program.lifecycle.destroy(await make('half-made'));
    await fleet.client.query(`DELETE FROM platform.tenant WHERE slug = 'half-made'`);
  });

  it.each([
    ['before the schema went', false],
    ['after the schema went', true],
  ])('finishes a deletion that was killed %s, and keeps the slug', async (_, isGone) => {
    const slug = isGone ? 'going' : 'leaving';
    const tenant = await make(slug);
    await put(tenant, 'deleting');
    if (isGone) await program.owner.dropSchema(tenant.schemaName);
    expect(await program.lifecycle.mend()).toEqual([]);
    expect(await statusOf(slug)).toBe('deleted');
    expect(destroyed).toEqual([tenant.id]);
    expect(await fleet.leftovers([tenant.schemaName])).toEqual(NOTHING);
    await expect(make(slug)).rejects.toThrow('is or was in use');
  });

  it('mends the rest though one cannot be, and tells that one', async () => {
    const stuck = await make('stuck');
    const other = await make('other');
    await put(stuck, 'deleting');
    await put(other, 'deleting');
    await fleet.client.query(
      `CREATE SCHEMA outside; CREATE TABLE outside.x (id int); GRANT SELECT ON outside.x TO "${stuck.schemaName}"`,
    );
    expect(await program.lifecycle.mend()).toEqual([
      expect.stringMatching(/deletion of stuck: role .* cannot be dropped/),
    ]);
    expect([await statusOf('stuck'), await statusOf('other')]).toEqual(['deleting', 'deleted']);
    await fleet.client.query('DROP SCHEMA outside CASCADE');
    expect(await program.lifecycle.mend()).toEqual([]);
    expect(await statusOf('stuck')).toBe('deleted');
  });

  it('finds schemas and roles that no tenant has, and removes them when they were seen long ago and are empty', async () => {
    const name = newSchemaName();
    await program.owner.createSchema(name, 0);
    expect(await program.lifecycle.findOrphans()).toMatchObject([{ name }]);
    await program.lifecycle.mend();
    expect(await fleet.leftovers([name])).toMatchObject({ schemas: 1, roles: 1 });
    await fleet.client.query(`UPDATE platform.orphan SET first_seen_at = now() - interval '25 hours'`);
    await fleet.client.query(
      `INSERT INTO "${name}".vendor (id, name, contact_email, status, tags, version) VALUES (gen_random_uuid(), 'x', 'x', 'active', '{}', 1)`,
    );
    await program.lifecycle.mend();
    expect(await fleet.leftovers([name])).toMatchObject({ schemas: 1, roles: 1 });
    await fleet.client.query(`DELETE FROM "${name}".vendor`);
    await program.lifecycle.mend();
    expect(await fleet.leftovers([name])).toEqual(NOTHING);
    expect(await program.lifecycle.findOrphans()).toEqual([]);
  });

  it('finds a role whose schema is gone', async () => {
    const name = newSchemaName();
    await program.owner.createSchema(name, 1);
    await fleet.client.query(`DROP SCHEMA "${name}" CASCADE`);
    expect(await program.lifecycle.findOrphans()).toMatchObject([{ name }]);
    await program.lifecycle.mend(AT_ONCE);
    expect(await fleet.leftovers([name])).toEqual(NOTHING);
  });

  it('has no step from the grave, and allows the same step twice', async () => {
    const { lifecycle } = program;
    const tenant = await make('steps');
    await lifecycle.suspend(tenant);
    await lifecycle.suspend(tenant);
    expect((await lifecycle.resume(tenant)).status).toBe('active');
    await lifecycle.destroy(tenant);
    await expect(lifecycle.resume(tenant)).rejects.toThrow('The tenant is deleted.');
    await expect(lifecycle.destroy(tenant)).rejects.toThrow('The tenant is deleted.');
  });

  it('begins with a schema that is exactly what the migrations make', async () => {
    const tenant = await make('verified');
    const { fingerprint } = await program.owner.blueprint();
    expect((await program.owner.catalogOf(tenant.schemaName)).fingerprint).toBe(fingerprint);
    expect(tenant.fingerprint).toBe(fingerprint);
  });
});
