import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FleetReport } from '../../src/platform/tenancy/fleet/fleet-migrator.js';
import type { Tenant } from '../../src/platform/tenancy/registry/tenant.entity.js';
import { Fleet } from '../support/fleet.js';
import { startServer } from '../support/server.js';

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

const TENANTS = 5;

describe('the commands for the fleet', () => {
  let fleet: Fleet;
  let folder: string;
  let victim: Tenant;
  let index: string;

  beforeAll(async () => {
    fleet = await Fleet.open();
    const tenants = await fleet.tenants(await fleet.release(), TENANTS);
    victim = tenants[2]!;
    index = `"${victim.schemaName}".vendor_name_id_idx`;
    folder = mkdtempSync(join(tmpdir(), 'ringfence-fleet-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await fleet.close();
  });

  const environment = () => ({
    DATABASE_URL: fleet.url,
    DATA_DIR: folder,
    MASTER_KEY: fleet.masterKey.toString('base64'),
  });

  function ringfence(...args: string[]): Promise<Ended> {
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, [resolve('bin/ringfence.js'), ...args], {
      env: { PATH, HOME, NODE_ENV: 'test', BCRYPT_COST: '4', ...environment() },
    });
    const ended: Ended = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (ended.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (ended.stderr += chunk.toString()));
    return new Promise((done) => child.once('close', (code) => done({ ...ended, code })));
  }

  /** As if all were still at the version before. */
  const setBack = (): Promise<unknown> =>
    fleet.client.query(`UPDATE platform.tenant SET schema_version = 'Before1780000000000'`);

  it('end with 0 when nobody is behind', async () => {
    expect(await ringfence('tenant', 'status', '--lagging')).toMatchObject({
      code: 0,
      stdout: '0 tenants are behind\n',
    });
    expect(await ringfence('tenant', 'migrate')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Every tenant is at \w+\.\n$/) as string,
    });
  });

  it('tell who is behind, and end with 1; then do it, a line for each', async () => {
    await setBack();
    const status = await ringfence('tenant', 'status', '--lagging', '--json');
    expect(status.code).toBe(1);
    expect((JSON.parse(status.stdout) as { lagging: unknown[] }).lagging).toHaveLength(TENANTS);
    const done = await ringfence('tenant', 'migrate', '--canary', victim.slug, '--concurrency', '2');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    const lines = done.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(new RegExp(`^\\d{4}-.*Z done +${victim.slug}: verified$`));
    expect(lines).toHaveLength(TENANTS + 1);
    expect(lines.at(-1)).toMatch(/^5 of 5 tenants are at \w+, 0 failed\.$/);
  });

  it('name the one tenant whose schema is another, with the reason, and end with 1', async () => {
    await setBack();
    await fleet.client.query(`DROP INDEX ${index}`);
    const { code, stdout, stderr } = await ringfence('tenant', 'migrate', '--json');
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as FleetReport;
    expect(report.outcomes).toHaveLength(TENANTS);
    expect(report.outcomes.filter(({ status }) => status === 'failed').map(({ slug }) => slug)).toEqual([
      victim.slug,
    ]);
    expect(stderr).toMatch(
      new RegExp(`^\\S+ failed ${victim.slug}: .*missing index .*vendor_name_id_idx.*\n$`),
    );
  });

  it('refuse numbers that make no sense, as wrong usage', async () => {
    expect(await ringfence('tenant', 'migrate', '--concurrency', '9')).toMatchObject({ code: 2 });
    expect(await ringfence('tenant', 'migrate', '--max-failures', '0')).toMatchObject({ code: 2 });
  });

  it('are not needed by a server: it migrates a few by itself, and serves although one cannot be', async () => {
    await setBack();
    await fleet.client.query(`DROP INDEX IF EXISTS ${index}`);
    const server = await startServer({ ...environment(), LOG_LEVEL: 'info' });
    try {
      expect(server.output()).toContain(`could not migrate the tenant ${victim.slug}`);
      expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
    } finally {
      expect(await server.stop()).toBe(0);
    }
    const { rows } = await fleet.client.query(
      `SELECT slug FROM platform.tenant WHERE schema_version = 'Before1780000000000'`,
    );
    expect(rows).toEqual([{ slug: victim.slug }]);
  });
});
