import { setTimeout as sleep } from 'node:timers/promises';
import type { Tenant } from '../../src/platform/tenancy/registry/tenant.entity.js';
import { Fleet } from '../support/fleet.js';
import { killMigratorAfter } from '../support/fleet-process.js';

const TENANTS = 40;
const ALREADY = expect.stringContaining('already exists') as string;

describe('the migrator of the fleet', () => {
  let fleet: Fleet;
  let tenants: Tenant[];
  let victim: Tenant;
  let schemas: string[];

  beforeAll(async () => {
    fleet = await Fleet.open();
    tenants = await fleet.tenants(await fleet.release(), TENANTS);
    schemas = tenants.map(({ schemaName }) => schemaName).sort();
    victim = tenants.find(({ slug }) => slug === 'tenant-17')!;
  });
  afterEach(() => fleet.retire());
  afterAll(() => fleet.close());

  const registryRow = async (slug: string) => {
    const { rows } = await fleet.client.query<Record<string, unknown>>(
      'SELECT * FROM platform.tenant WHERE slug = $1',
      [slug],
    );
    return rows[0]!;
  };

  it('finds tenants that were just made up to date, and asks the registry once', async () => {
    const { migrator, registry, owner } = await fleet.release();
    const queries = jest.spyOn(registry, 'createQueryRunner');
    const drawn = jest.spyOn(owner, 'blueprint');
    expect(await migrator.migrate()).toMatchObject({ planned: 0, outcomes: [], notBegun: [] });
    expect(queries).toHaveBeenCalledTimes(1);
    expect(drawn).not.toHaveBeenCalled();
  });

  it('adds a column to all, says when, and leaves the version that operators see', async () => {
    const before = await registryRow('tenant-3');
    const { migrator, owner } = await fleet.release('ALTER TABLE vendor ADD COLUMN rating int');
    expect(await migrator.lagging()).toHaveLength(TENANTS);
    const report = await migrator.migrate();
    expect(report.outcomes.map(({ status }) => status)).toEqual(Array(TENANTS).fill('done'));
    expect(new Set(report.outcomes.map(({ slug }) => slug)).size).toBe(TENANTS);
    expect(report.outcomes[0]).toMatchObject({ migrations: [owner.latestTenantMigration] });
    expect(await fleet.schemasWith('rating')).toEqual(schemas);
    const after = await registryRow('tenant-3');
    expect(after).toMatchObject({ schema_version: owner.latestTenantMigration, version: before.version });
    expect(after.migrated_at).toEqual(report.outcomes.find(({ slug }) => slug === 'tenant-3')!.at);
    expect(await migrator.migrate()).toMatchObject({ planned: 0 });
  });

  it('gives the tables that a migration makes to the tenant, and no more than its rows', async () => {
    const { migrator } = await fleet.release('CREATE TABLE note (id uuid PRIMARY KEY)');
    await migrator.migrate();
    const { rows } = await fleet.client.query(
      `SELECT has_table_privilege($1, $2, 'INSERT') AS inserts, has_table_privilege($1, $2, 'TRUNCATE') AS truncates,
              has_table_privilege($1, $3, 'SELECT') AS ledger`,
      [victim.schemaName, `${victim.schemaName}.note`, `${victim.schemaName}.migration`],
    );
    expect(rows).toEqual([{ inserts: true, truncates: false, ledger: false }]);
  });

  it('does all when two run at once', async () => {
    const step = 'ALTER TABLE vendor ADD COLUMN twice int';
    const one = await fleet.release(step);
    const other = await fleet.release();
    const reports = await Promise.all([one.migrator.migrate(), other.migrator.migrate()]);
    for (const { outcomes } of reports)
      expect(outcomes.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(await fleet.schemasWith('twice')).toEqual(schemas);
    expect(await one.migrator.lagging()).toEqual([]);
  });

  it('ends what a run began that was killed in the middle', async () => {
    const statements = ['ALTER TABLE vendor ADD COLUMN killed int', 'SELECT pg_sleep(0.05)'];
    const program = await fleet.release(...statements);
    await killMigratorAfter(8, fleet);
    const { length: left } = await program.migrator.lagging();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(TENANTS);
    const report = await program.migrator.migrate();
    // PostgreSQL may end one statement more of a client that is gone.
    expect(report.planned).toBeGreaterThan(left - 8);
    expect(report.outcomes.every(({ status }) => status === 'done')).toBe(true);
    expect(await fleet.schemasWith('killed')).toEqual(schemas);
  });

  it('says when a tenant was done though the run that did it could not record that', async () => {
    const program = await fleet.release('ALTER TABLE vendor ADD COLUMN unrecorded int');
    await program.migrator.migrate();
    const { schema_version: version } = await registryRow('tenant-1');
    await fleet.client.query(
      `UPDATE platform.tenant SET schema_version = $1, migrated_at = NULL WHERE slug = 'tenant-1'`,
      [program.owner.latestTenantMigration.replace(/\d+$/, (time) => String(Number(time) - 1))],
    );
    const { rows } = await fleet.client.query<{ at: Date }>(
      `SELECT done_at AS at FROM "${(await registryRow('tenant-1')).schema_name as string}".migration WHERE name = $1`,
      [version],
    );
    const { outcomes } = await program.migrator.migrate();
    expect(outcomes).toMatchObject([{ slug: 'tenant-1', status: 'done', migrations: [], at: rows[0]!.at }]);
    expect(await registryRow('tenant-1')).toMatchObject({
      schema_version: version,
      migrated_at: rows[0]!.at,
    });
  });

  it('waits for a tenant whose table is in use, and tries again', async () => {
    const { migrator } = await fleet.release('ALTER TABLE vendor ADD COLUMN waited int');
    await fleet.client.query(`BEGIN; LOCK TABLE "${victim.schemaName}".vendor IN ACCESS SHARE MODE`);
    const running = migrator.migrate();
    await sleep(2600);
    await fleet.client.query('COMMIT');
    expect((await running).outcomes.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(await fleet.schemasWith('waited')).toEqual(schemas);
  });

  it('reports a tenant with a conflicting column alone, and migrates it once that is mended', async () => {
    await fleet.client.query(`ALTER TABLE "${victim.schemaName}".vendor ADD COLUMN score text`);
    const { migrator } = await fleet.release('ALTER TABLE vendor ADD COLUMN score int');
    const report = await migrator.migrate();
    const failed = report.outcomes.filter(({ status }) => status === 'failed');
    expect(failed).toMatchObject([{ slug: victim.slug, reason: ALREADY }]);
    expect(report.outcomes).toHaveLength(TENANTS);
    expect(await migrator.lagging()).toMatchObject([{ slug: victim.slug, migrationError: ALREADY }]);
    await fleet.client.query(`ALTER TABLE "${victim.schemaName}".vendor DROP COLUMN score`);
    expect((await migrator.migrate()).outcomes).toMatchObject([{ slug: victim.slug, status: 'done' }]);
    expect(await registryRow(victim.slug)).toMatchObject({ migration_error: null });
  });

  it('does not believe a migration that went through but left something else', async () => {
    await fleet.client.query(`ALTER TABLE "${victim.schemaName}".vendor ADD COLUMN colour int`);
    const tolerant = 'ALTER TABLE vendor ADD COLUMN IF NOT EXISTS colour text';
    const { migrator } = await fleet.release(tolerant);
    const failed = (await migrator.migrate()).outcomes.filter(({ status }) => status === 'failed');
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({ slug: victim.slug });
    expect(failed[0]!.reason).toMatch(
      /missing column vendor\.colour .*text.*unexpected column vendor\.colour .*int4/,
    );
    await fleet.client.query(`ALTER TABLE "${victim.schemaName}".vendor ALTER colour TYPE text`);
    expect((await migrator.migrate()).outcomes).toMatchObject([{ slug: victim.slug, status: 'done' }]);
  });

  it.each([
    [
      'an index',
      'DROP INDEX "$".vendor_name_id_idx',
      'CREATE INDEX vendor_name_id_idx ON "$".vendor (name, id)',
    ],
    ['a privilege', 'REVOKE DELETE ON "$".vendor FROM "$"', 'GRANT DELETE ON "$".vendor TO "$"'],
    ['one privilege too many', 'GRANT TRUNCATE ON "$".agent TO "$"', 'REVOKE TRUNCATE ON "$".agent FROM "$"'],
    [
      'a rule for null',
      'ALTER TABLE "$".file ALTER label SET NOT NULL',
      'ALTER TABLE "$".file ALTER label DROP NOT NULL',
    ],
    [
      'a default',
      'ALTER TABLE "$".agent ALTER kind SET DEFAULT 1',
      'ALTER TABLE "$".agent ALTER kind DROP DEFAULT',
    ],
    ['a table of its own', 'CREATE TABLE "$".own (id int)', 'DROP TABLE "$".own'],
  ])('sees %s changed by hand, though the version is right', async (_, change, undo) => {
    const { migrator } = await fleet.release();
    const { schemaName, slug } = victim;
    await fleet.client.query(change.replaceAll('$', schemaName));
    await migrator.verify();
    expect((await migrator.lagging()).map((member) => member.slug)).toEqual([slug]);
    await fleet.client.query(
      undo
        .replaceAll('$', schemaName)
        .replace(/^CREATE INDEX/, `SET ROLE ${fleet.database}_tenant_owner; $&`),
    );
    await fleet.client.query('RESET ROLE');
    await migrator.migrate();
    expect(await migrator.lagging()).toEqual([]);
  });

  it('begins no further tenant after so many failures, and none when the canary fails', async () => {
    const { migrator } = await fleet.release('ALTER TABLE vendor ADD COLUMN broken int');
    for (const { schemaName } of tenants)
      await fleet.client.query(`ALTER TABLE "${schemaName}".vendor ADD COLUMN broken text`);
    const canary = await migrator.migrate({ canary: victim.slug });
    expect(canary.outcomes).toMatchObject([{ slug: victim.slug, status: 'failed' }]);
    expect(canary.notBegun).toHaveLength(TENANTS - 1);
    const stopped = await migrator.migrate({ maxFailures: 3, concurrency: 1 });
    expect(stopped.outcomes).toHaveLength(3);
    expect(stopped.notBegun).toHaveLength(TENANTS - 3);
    await expect(migrator.migrate({ canary: 'nobody' })).rejects.toThrow('nobody is not behind');
    expect(await migrator.catchUp(TENANTS - 1)).toBeUndefined();
    for (const { schemaName } of tenants)
      await fleet.client.query(`ALTER TABLE "${schemaName}".vendor DROP COLUMN broken`);
    expect((await migrator.catchUp(TENANTS))?.outcomes).toHaveLength(TENANTS);
  });

  it('refuses a migration that names the schema of one tenant', async () => {
    const baked = `ALTER TABLE "${victim.schemaName}".vendor ADD COLUMN baked int`;
    const { migrator, owner } = await fleet.release(baked);
    await expect(owner.blueprint()).rejects.toThrow('names the schema of one tenant');
    await expect(migrator.migrate()).rejects.toThrow('names the schema of one tenant');
    expect(await fleet.schemasWith('baked')).toEqual([]);
    fleet.withdraw();
  });
});
