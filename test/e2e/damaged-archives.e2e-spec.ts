import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ArchiveError } from '../../src/features/portability/archive.error.js';
import { PortabilityService } from '../../src/features/portability/portability.service.js';
import { FileStorage } from '../../src/features/files/file-storage.js';
import { OwnerDatabase } from '../../src/platform/tenancy/owner/owner-database.js';
import { entriesOf, flipByte, renameRaw, writeZip } from '../support/archives.js';
import { PortabilityHouse } from '../support/portability.js';
import { unique, world } from '../support/world.js';

interface LooseManifest {
  schemaVersion: string;
  formatVersion: number;
  tables: { table: string; columns: string[]; rows: number; bytes: number; sha256: string }[];
  files: { id: string; bytes: number; sha256: string }[];
}
type Entries = Map<string, Buffer>;

describe('an archive that is not as it was exported', () => {
  let house: PortabilityHouse;
  let whole: string;
  let entries: Entries;
  let fileName: string;
  let damaged: string;
  const made: { schemas: string[]; tenantIds: string[] } = { schemas: [], tenantIds: [] };

  beforeAll(async () => {
    house = await PortabilityHouse.open();
    const tenant = await world.tenant();
    const vendor = await tenant.vendor();
    await tenant.agent(vendor);
    await tenant.agent(vendor);
    await tenant.admin.upload(`/v1/vendors/${vendor.id}`, 'a.txt', randomBytes(20_000).toString('hex'));
    whole = await house.export(tenant.id, 'whole.zip');
    entries = await entriesOf(whole);
    fileName = [...entries.keys()].find((name) => name.startsWith('files/'))!;
    damaged = house.path('damaged.zip');
    const owner = house.app.get(OwnerDatabase);
    const create = owner.createSchema.bind(owner);
    jest.spyOn(owner, 'createSchema').mockImplementation((schemaName, shard) => {
      made.schemas.push(schemaName);
      return create(schemaName, shard);
    });
    const storage = house.app.get(FileStorage);
    const remove = storage.removeTenant.bind(storage);
    jest.spyOn(storage, 'removeTenant').mockImplementation((tenantId) => {
      made.tenantIds.push(tenantId);
      return remove(tenantId);
    });
  }, 60_000);

  afterAll(async () => {
    await house.close();
  });

  /** Writes an archive of changed parts, whose manifest is changed along or not. */
  const forge = async (
    change: (parts: Entries, manifest: LooseManifest) => void,
    { seal = false } = {},
  ): Promise<void> => {
    const parts = new Map(entries);
    const manifest = JSON.parse(parts.get('manifest.json')!.toString()) as LooseManifest;
    change(parts, manifest);
    if (seal)
      for (const entry of manifest.tables) {
        const content = parts.get(`data/${entry.table}.ndjson`)!;
        entry.bytes = content.length;
        entry.sha256 = createHash('sha256').update(content).digest('hex');
      }
    parts.set('manifest.json', Buffer.from(JSON.stringify(manifest)));
    await writeZip(damaged, parts);
  };
  const edit = (parts: Entries, name: string, change: (text: string) => string): void => {
    parts.set(name, Buffer.from(change(parts.get(name)!.toString())));
  };
  const digit = (text: string): string => text.replace(/[0-9a-f](?=.$)/, (old) => (old === '0' ? '1' : '0'));

  const CASES: readonly [what: string, make: () => Promise<void> | void, reason: RegExp][] = [
    ['a flipped byte in a table', () => flipByte(whole, damaged, 'data/vendor.ndjson'), /vendor/],
    ['a flipped byte in a file', () => flipByte(whole, damaged, fileName), /changed or damaged/],
    ['a flipped byte in the manifest', () => flipByte(whole, damaged, 'manifest.json'), /manifest|zip/],
    ['a table missing', () => forge((parts) => parts.delete('data/agent.ndjson')), /not in the archive/],
    ['a file missing', () => forge((parts) => parts.delete(fileName)), /not in the archive/],
    ['the manifest missing', () => writeZip(damaged, [...entries].slice(0, -1)), /no manifest/],
    [
      'an entry more',
      () => forge((parts) => parts.set('data/x.ndjson', Buffer.from('{}\n'))),
      /not in its man/,
    ],
    ['an entry twice', () => writeZip(damaged, [...entries, ...[...entries].slice(0, 1)]), /twice/],
    [
      'a wrong hash of a table',
      () => forge((_, { tables }) => (tables[0]!.sha256 = digit(tables[0]!.sha256))),
      /changed or damaged/,
    ],
    [
      'a wrong hash of a file, in its row too',
      () =>
        forge(
          (parts, { files }) => {
            const { sha256 } = files[0]!;
            edit(parts, 'data/file.ndjson', (text) => text.replace(sha256, digit(sha256)));
            files[0]!.sha256 = digit(sha256);
          },
          { seal: true },
        ),
      /files.*changed or damaged/,
    ],
    [
      'a file that no row speaks of',
      () =>
        forge(
          (parts, manifest) => {
            parts.set('data/file.ndjson', Buffer.alloc(0));
            manifest.tables.find(({ table }) => table === 'file')!.rows = 0;
          },
          { seal: true },
        ),
      /no row of file/,
    ],
    [
      'a name with ../',
      () => {
        renameRaw(whole, damaged, 'data/agent.ndjson', '../../agent.ndjso');
      },
      /zip that can be read|relative/,
    ],
    [
      'an absolute name',
      () => {
        renameRaw(whole, damaged, 'data/agent.ndjson', '/etc/agent.ndjson');
      },
      /zip that can be read|absolute/,
    ],
    ['fewer rows than said', () => forge((_, { tables }) => (tables[0]!.rows += 1)), /as many rows/],
    [
      'a line of more than a megabyte',
      () =>
        forge(
          (parts) => {
            edit(parts, 'data/vendor.ndjson', (text) =>
              text.replace('"name":"', `"name":"${'x'.repeat(1.1e6)}`),
            );
          },
          { seal: true },
        ),
      /line of more than/,
    ],
    [
      'two rows on one line',
      () =>
        forge(
          (parts) => {
            edit(parts, 'data/agent.ndjson', (text) => text.replace('}\n{', '},{'));
          },
          { seal: true },
        ),
      /not JSON/,
    ],
    [
      'a column the table does not have',
      () =>
        forge(
          (parts) => {
            edit(parts, 'data/vendor.ndjson', (text) => text.replace('{"', '{"extra":1,"'));
          },
          { seal: true },
        ),
      /other columns/,
    ],
    [
      'an agent of no vendor',
      () =>
        forge(
          (parts) => {
            edit(parts, 'data/agent.ndjson', (text) =>
              text.replaceAll(/"vendor_id":"[^"]+"/g, `"vendor_id":"${crypto.randomUUID()}"`),
            );
          },
          { seal: true },
        ),
      /does not take a row/,
    ],
    ['another schema version', () => forge((_, manifest) => (manifest.schemaVersion = 'Older1')), /Older1/],
    ['another format', () => forge((_, manifest) => (manifest.formatVersion = 2)), /formatVersion/],
  ];

  it.each(CASES)(
    'is refused with %s, and leaves no tenant, schema, role or file',
    async (_, make, reason) => {
      await make();
      const slug = unique('damaged');
      const attempt = house.app.get(PortabilityService).importFrom(damaged, { slug });
      await expect(attempt).rejects.toThrow(ArchiveError);
      await expect(attempt).rejects.toThrow(reason);

      expect(await house.schemaOf(slug)).toBeUndefined();
      const { rows } = await house.database.query(
        `SELECT nspname FROM pg_namespace WHERE nspname = ANY($1)
        UNION ALL SELECT rolname FROM pg_roles WHERE rolname = ANY($1)`,
        [made.schemas],
      );
      expect(rows).toEqual([]);
      for (const id of made.tenantIds) expect(existsSync(join(house.dataDir, 'files', id))).toBe(false);
    },
  );

  it('is taken when nothing was changed but the zip itself', async () => {
    expect(made.schemas.length).toBeGreaterThan(5);
    await forge(() => undefined, { seal: true });
    const slug = unique('sound');
    await house.app.get(PortabilityService).importFrom(damaged, { slug });
    expect(await house.schemaOf(slug)).toBeDefined();
  });
});
