import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PortabilityService } from '../../src/features/portability/portability.service.js';
import { LEFT_OUT } from '../../src/features/portability/manifest.js';
import { TenantTables } from '../../src/platform/tenancy/tenant-tables.js';
import { loadedEntities } from '../../src/platform/tenancy/registry/registry.js';
import { entriesOf } from '../support/archives.js';
import { send, serverUrl } from '../support/client.js';
import { PortabilityHouse } from '../support/portability.js';
import { unique, world, type TenantWorld } from '../support/world.js';

/** What is left when nothing is, or after five seconds. */
async function emptied(left: () => string[]): Promise<string[]> {
  for (let waited = 0; left().length > 0 && waited < 50; waited++) await sleep(100);
  return left();
}

describe('a tenant as a whole', () => {
  let house: PortabilityHouse;
  let portability: PortabilityService;
  let source: TenantWorld;

  beforeAll(async () => {
    house = await PortabilityHouse.open();
    portability = house.app.get(PortabilityService);
    source = await house.furnished();
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
      expect(Object.keys(manifest.leftOut)).toEqual([
        'session',
        'support_access',
        'idempotency_key',
        'api_key',
        'request_signing_key',
        'request_nonce',
        'agent_credential',
        'agent_assertion',
        'invitation',
        'account_token',
        'pending_login',
        'webauthn_challenge',
        'audit_event',
        'audit_link',
        'audit_pending',
      ]);
      expect(manifest.notes.join()).toContain('Password hashes');
      for (const { table, rows } of manifest.tables)
        expect(entries.get(`data/${table}.ndjson`)!.toString().split('\n').length - 1).toBe(rows);
      const file = JSON.parse(entries.get('data/file.ndjson')!.toString().split('\n')[0]!) as object;
      expect(file).toMatchObject({ size: '40000', agent_id: null });
    });

    it('leaves no spool, no hold and no open transaction behind, also for a client that goes away', async () => {
      const heavy = await world.tenant();
      const vendor = await heavy.vendor();
      const text = randomBytes(4_000_000).toString('hex');
      expect((await heavy.admin.upload(`/v1/vendors/${vendor.id}`, 'heavy.txt', text)).status).toBe(201);
      const left = (): string[] => [
        ...readdirSync(join(house.dataDir, 'exports')),
        ...readdirSync(join(house.dataDir, 'files/.held')),
      ];
      const controller = new AbortController();
      const { token } = await world.operator();
      const response = await fetch(new URL(`/v1/tenants/${heavy.id}/export`, serverUrl()), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        signal: controller.signal,
      });
      await sleep(200);
      const whileUnread = left();
      const { rows } = await house.database.query(
        `SELECT FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND query LIKE '%row_to_json%'`,
      );
      controller.abort();
      await response.body?.cancel().catch(() => undefined);
      const afterwards = await emptied(left);

      expect(whileUnread.length).toBe(2);
      expect(rows).toEqual([]);
      expect(afterwards).toEqual([]);
    });

    it('shows nothing of what came between two tables, and no file that went before its bytes were held', async () => {
      const busy = await world.tenant();
      const vendor = await busy.vendor();
      const uploaded = await busy.admin.upload(`/v1/vendors/${vendor.id}`, 'a.txt', 'gone soon');
      const tables = house.app.get(TenantTables);
      const lines = tables.lines.bind(tables);
      const seen: string[] = [];
      const spy = jest.spyOn(tables, 'lines').mockImplementation(async function* (table) {
        yield* lines(table);
        const isFirst = !seen.includes(table);
        seen.push(table);
        if (isFirst && table === 'vendor') await busy.agent(await busy.vendor());
        if (isFirst && table === 'file')
          await busy.admin.delete(`/v1/files/${(uploaded.body as { id: string }).id}`);
        if (!isFirst && table === 'vendor') await busy.agent(await busy.vendor());
      });
      const path = house.path('between.zip');
      const { tables: counted, files } = await portability.exportTo(await house.registered(busy.slug), path);
      spy.mockRestore();

      const rows = Object.fromEntries(counted.map(({ table, rows: count }) => [table, count]));
      expect(rows).toMatchObject({ vendor: 2, agent: 1, file: 0 });
      expect(files).toEqual([]);
      expect(seen.filter((table) => table === 'vendor').length).toBe(2);
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
      const contents = await house.contentsOf(source.admin);
      expect(Object.keys(contents).length).toBe(2);
      expect(await house.contentsOf(await house.adminOf(slug, source))).toEqual(contents);
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
    await portability.clone(await house.registered(source.slug), { slug });

    expect(await house.rowsOf(slug)).toEqual(await house.rowsOf(source.slug));
    expect(await house.contentsOf(await house.adminOf(slug, source))).toEqual(
      await house.contentsOf(source.admin),
    );
    // The folder is that of the shared server, of which other tests may have an export under way.
    expect(await emptied(() => readdirSync(join(house.dataDir, 'exports')))).toEqual([]);
  });
});
