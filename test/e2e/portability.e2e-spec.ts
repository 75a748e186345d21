import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PortabilityService } from '../../src/features/portability/portability.service.js';
import { LEFT_OUT } from '../../src/features/portability/tenant-rows.repository.js';
import { loadedEntities } from '../../src/platform/tenancy/registry.js';
import { TenantDirectory } from '../../src/platform/tenancy/tenant-directory.js';
import type { Tenant } from '../../src/platform/tenancy/tenant.entity.js';
import { entriesOf } from '../support/archives.js';
import { Client, send, serverUrl } from '../support/client.js';
import { PortabilityHouse } from '../support/portability.js';
import { TenantWorld, unique, world } from '../support/world.js';

const AWKWARD = [
  'NULL',
  'null',
  '{a,b}',
  'quote " and \\ back',
  "it's",
  'ünï-☃-𝒳',
  ' ',
  '\u2028line',
  'tab\there',
];

describe('a tenant as a whole', () => {
  let house: PortabilityHouse;
  let portability: PortabilityService;
  let source: TenantWorld;

  const registered = async (slug: string): Promise<Tenant> =>
    (await house.app.get(TenantDirectory).bySlug(slug))!;

  /** A tenant with rows in each table, among them what is easily lost on the way. */
  async function furnished(): Promise<TenantWorld> {
    const tenant = await world.tenant();
    const vendor = await tenant.vendor({ tags: ['plain', 'with space', 'ünï-☃'], legalName: null });
    const other = await tenant.vendor({ name: 'It\'s "NULL" \\ {a,b}' });
    const agent = await tenant.agent(vendor, { validUntil: '2031-02-03T04:05:06.789Z' });
    await tenant.agent(other, { capabilities: ['x', 'y'] });
    await tenant.user({ roles: ['viewer'] });
    await tenant.vendorUser(vendor);
    const schema = await house.schemaOf(tenant.slug);
    await house.database.query(`UPDATE "${schema}".vendor SET tags = $1 WHERE id = $2`, [AWKWARD, other.id]);
    for (const owner of [`/v1/vendors/${vendor.id}`, `/v1/agents/${agent.id}`]) {
      const text = randomBytes(30_000).toString('base64');
      expect((await tenant.admin.upload(owner, 'notes.txt', text)).status).toBe(201);
    }
    return tenant;
  }

  async function contentsOf(admin: Client): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    const { data: vendors } = (await admin.get('/v1/vendors')).body as { data: { id: string }[] };
    const { data: agents } = (await admin.get('/v1/agents')).body as { data: { id: string }[] };
    const owners = [...vendors.map(({ id }) => `vendors/${id}`), ...agents.map(({ id }) => `agents/${id}`)];
    for (const owner of owners) {
      const { data } = (await admin.get(`/v1/${owner}/files`)).body as { data: { id: string }[] };
      for (const { id } of data) found[id] = (await admin.get(`/v1/files/${id}/content`)).text;
    }
    return found;
  }

  /** Somebody who may sign in to a tenant that was made of an archive. */
  async function adminOf(slug: string, from: TenantWorld): Promise<Client> {
    const { stdout } = await house.run('token', '--tenant', slug, '--email', from.admin.me.email!, '--json');
    const { accessToken } = JSON.parse(stdout) as { accessToken: string };
    return Object.assign(Object.create(Client.prototype) as Client, { token: accessToken });
  }

  beforeAll(async () => {
    house = await PortabilityHouse.open();
    portability = house.app.get(PortabilityService);
    source = await furnished();
  }, 60_000);

  afterAll(async () => {
    await house.close();
  });

  describe('exported', () => {
    it('is for operators alone, an attachment, and there for a suspended tenant too', async () => {
      const path = `/v1/tenants/${source.id}/export`;
      expect((await source.admin.post(path)).status).toBe(403);
      expect((await send('POST', path)).status).toBe(401);
      const operator = await world.operator();
      const asleep = await world.tenant();
      await operator.post(`/v1/tenants/${asleep.id}/suspend`);
      const answer = await operator.post(`/v1/tenants/${asleep.id}/export`);

      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('application/zip');
      expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${asleep.slug}.zip"`);
    });

    it('has a table for each of the model but those named as left out, and the manifest last', async () => {
      const entries = await entriesOf(await house.export(source.id, 'whole.zip'));
      const manifest = JSON.parse(entries.get('manifest.json')!.toString()) as {
        leftOut: Record<string, string>;
        tables: { table: string; rows: number }[];
        notes: string[];
      };

      expect([...entries.keys()].at(-1)).toBe('manifest.json');
      expect(manifest.tables.length).toBe(loadedEntities('tenants').length - Object.keys(LEFT_OUT).length);
      expect(Object.keys(manifest.leftOut)).toEqual(['session', 'invitation']);
      expect(manifest.notes.join()).toContain('Password hashes');
      for (const { table, rows } of manifest.tables)
        expect(entries.get(`data/${table}.ndjson`)!.toString().split('\n').length - 1).toBe(rows);
      const file = JSON.parse(entries.get('data/file.ndjson')!.toString().split('\n')[0]!) as object;
      expect(file).toMatchObject({ size: '40000', agent_id: null });
    });

    it('leaves no spool and no hold behind, also for a client that goes away', async () => {
      const controller = new AbortController();
      const { token } = await world.operator();
      const response = await fetch(new URL(`/v1/tenants/${source.id}/export`, serverUrl()), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        signal: controller.signal,
      });
      controller.abort();
      await response.body?.cancel().catch(() => undefined);
      const left = (): string[] => [
        ...readdirSync(join(house.dataDir, 'exports')),
        ...readdirSync(join(house.dataDir, 'files/.held')),
      ];
      for (let waited = 0; left().length > 0 && waited < 50; waited++) await sleep(100);

      expect(left()).toEqual([]);
    });

    it('is one moment, whatever is written and removed meanwhile', async () => {
      const busy = await world.tenant();
      let isDone = false;
      const write = async (): Promise<void> => {
        while (!isDone) {
          const vendor = await busy.vendor();
          await busy.agent(vendor);
          await busy.admin.upload(`/v1/vendors/${vendor.id}`, 'a.txt', randomBytes(50_000).toString('hex'));
          await busy.admin.delete(`/v1/vendors/${vendor.id}`);
          const kept = await busy.vendor();
          const uploaded = await busy.admin.upload(`/v1/vendors/${kept.id}`, 'b.txt', 'short-lived');
          await busy.admin.delete(`/v1/files/${(uploaded.body as { id: string }).id}`);
        }
      };
      const writers = [write(), write(), write()];
      const paths: string[] = [];
      for (let round = 0; round < 6; round++) paths.push(await house.export(busy.id, `busy-${round}.zip`));
      isDone = true;
      await Promise.all(writers);

      for (const path of paths) {
        const slug = unique('moment');
        await portability.importFrom(path, { slug });
        expect(Object.keys(await house.rowsOf(slug)).length).toBeGreaterThan(3);
      }
    }, 60_000);
  });

  describe('imported', () => {
    it('has every row and every byte under its own name, and its users sign in as before', async () => {
      const path = await house.export(source.id, 'import.zip');
      const slug = unique('imported');
      const ran = await house.run('tenant', 'import', path, '--slug', slug, '--name', 'The import', '--json');

      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(ran.stdout)).toMatchObject({ slug, name: 'The import', status: 'active' });
      expect(await house.rowsOf(slug)).toEqual(await house.rowsOf(source.slug));
      const contents = await contentsOf(source.admin);
      expect(Object.keys(contents).length).toBe(2);
      expect(await contentsOf(await adminOf(slug, source))).toEqual(contents);
      expect(await house.schemaOf(slug)).not.toBe(await house.schemaOf(source.slug));
    });

    it('tells of refusals in one line: 1 for a slug in use or no zip, 2 for wrong usage', async () => {
      const path = await house.export(source.id, 'refused.zip');
      const taken = await house.run('tenant', 'import', path, '--slug', source.slug);
      const odd = await house.run('tenant', 'import', path, '--slug', 'Not A Slug');
      const nothing = await house.run('tenant', 'import', house.path('none.zip'), '--slug', unique('none'));
      const usage = await house.run('tenant', 'import', path);

      expect([taken.code, odd.code, nothing.code, usage.code]).toEqual([1, 1, 1, 2]);
      expect(taken.stderr).toContain('This slug is or was in use.');
      expect(odd.stderr).toContain('--slug');
      expect(nothing.stderr.trim().split('\n').length).toBe(1);
    }, 60_000);
  });

  it('exported on the command line says how far it is, and overwrites nothing', async () => {
    const out = house.path('cli.zip');
    const ran = await house.run('tenant', 'export', source.slug, '--out', out);
    const again = await house.run('tenant', 'export', source.slug, '--out', out);

    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('100% of');
    expect(ran.stdout).toContain('2 files');
    expect([again.code, again.stderr.trim().split('\n').at(-1)]).toEqual([
      1,
      `There is a file ${out} already.`,
    ]);
  });

  it('cloned has the same rows and bytes, and nothing is left of the way there', async () => {
    const slug = unique('clone');
    await portability.clone(await registered(source.slug), { slug });

    expect(await house.rowsOf(slug)).toEqual(await house.rowsOf(source.slug));
    expect(await contentsOf(await adminOf(slug, source))).toEqual(await contentsOf(source.admin));
    expect(readdirSync(join(house.dataDir, 'exports'))).toEqual([]);
  });

  describe('restored', () => {
    it('is as it was, while it is read and another tenant is written to; its sessions end', async () => {
      const [tenant, other] = [await furnished(), await world.tenant()];
      const [rows, contents] = [await house.rowsOf(tenant.slug), await contentsOf(tenant.admin)];
      const path = await house.export(tenant.id, 'restore.zip');
      const schema = await house.schemaOf(tenant.slug);
      const { data: vendors } = (await tenant.admin.get('/v1/vendors')).body as { data: { id: string }[] };
      await tenant.admin.delete(`/v1/vendors/${vendors[0]!.id}`);
      await tenant.admin.patch(`/v1/vendors/${vendors[1]!.id}`, { name: 'Changed' });
      for (const id of Object.keys(contents)) await tenant.admin.delete(`/v1/files/${id}`);
      await tenant.vendor();
      let isDone = false;
      const statuses = new Set<number>();
      const read = async (): Promise<void> => {
        while (!isDone) statuses.add((await tenant.admin.get('/v1/vendors')).status);
      };
      let written = 0;
      const write = async (): Promise<void> => {
        for (; !isDone; written++) await other.vendor();
      };
      const busy = [read(), write()];
      const ran = await house.run('tenant', 'restore', tenant.slug, '--from', path);
      await sleep(200);
      isDone = true;
      await Promise.all(busy);

      expect(ran.code).toBe(0);
      expect(await house.rowsOf(tenant.slug)).toEqual(rows);
      expect(await house.schemaOf(tenant.slug)).toBe(schema);
      expect(statuses).toEqual(new Set([200, 401]));
      expect(written).toBeGreaterThan(0);
      expect((await house.rowsOf(other.slug)).vendor!.length).toBe(written);
      const admin = await adminOf(tenant.slug, tenant);
      expect(await contentsOf(admin)).toEqual(contents);
      expect(
        (
          await admin.create('/v1/vendors', {
            name: 'New',
            contactEmail: 'a@b.test',
            status: 'active',
            tags: [],
          })
        ).id,
      ).toBeDefined();
    }, 60_000);

    it('refuses an export of another tenant, and stays as it is', async () => {
      const tenant = await furnished();
      const rows = await house.rowsOf(tenant.slug);
      const path = await house.export(source.id, 'foreign.zip');

      await expect(portability.restore(await registered(tenant.slug), path)).rejects.toThrow(
        'another tenant',
      );
      expect(await house.rowsOf(tenant.slug)).toEqual(rows);
    });
  });
});
