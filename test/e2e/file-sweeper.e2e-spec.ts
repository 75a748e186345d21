import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileSweeper } from '../../src/features/files/file-sweeper.js';
import { FilesRepository } from '../../src/features/files/files.repository.js';
import { EncryptedFileStorage } from '../../src/features/files/storage/encrypted-file-storage.js';
import { LocalObjectStore } from '../../src/features/files/storage/local-object-store.js';
import { Spool } from '../../src/features/files/storage/spool.js';
import { Registry } from '../../src/platform/tenancy/registry/registry.js';
import { TenantDirectory } from '../../src/platform/tenancy/registry/tenant-directory.js';
import { oneKey } from '../support/data-keys.js';
import { openEngine, type Engine } from '../support/engine.js';
import { fileOf, filesFolder, form, stored } from '../support/stored-files.js';
import { world, type TenantWorld } from '../support/world.js';

const TWO_HOURS_AGO = Date.now() / 1000 - 7200;
const LIMITS = { statementMs: 5000, lockMs: 2000, idleInTransactionMs: 5000 };

let engine: Engine;
let registry: Registry;
let sweeper: FileSweeper;

beforeAll(async () => {
  engine = await openEngine();
  registry = new Registry(engine.owner.login(engine.owner.roles.registry, LIMITS));
  await registry.initialize();
  sweeper = new FileSweeper(
    new EncryptedFileStorage(new LocalObjectStore(filesFolder()), new Spool(filesFolder(), 0), oneKey()),
    new FilesRepository(engine.context),
    engine.context,
    new TenantDirectory(registry),
  );
});
afterAll(async () => {
  await registry.destroy();
  await engine.end();
});

/** A tenant with a file that stays and a file whose vendor is gone, as old as the sweep asks for. */
async function withOrphan(): Promise<{ tenant: TenantWorld; kept: string; orphan: string }> {
  const tenant = await world.tenant();
  const [vendor, doomed] = [await tenant.vendor(), await tenant.vendor()];
  const upload = async ({ id }: { id: string }) =>
    fileOf(await tenant.admin.post(`/v1/vendors/${id}/files`, form('x', 'a.txt'))).id;
  const files = { tenant, kept: await upload(vendor), orphan: await upload(doomed) };
  expect((await tenant.admin.delete(`/v1/vendors/${doomed.id}`)).status).toBe(204);
  return files;
}

const age = async (...paths: string[]): Promise<void> => {
  for (const path of paths) await utimes(path, TWO_HOURS_AGO, TWO_HOURS_AGO);
};
const idsOf = async (tenantId: string): Promise<string[]> =>
  (await stored(tenantId)).map((path) => path.slice(-36));

/** Bytes of a tenant that no registry knows. */
async function strangersFolder(): Promise<{ tenantId: string; paths: string[] }> {
  const tenantId = randomUUID();
  const fileId = randomUUID();
  const folder = join(filesFolder(), tenantId);
  const shard = join(folder, fileId.slice(-2));
  await mkdir(shard, { recursive: true });
  await writeFile(join(shard, fileId), 'x');
  return { tenantId, paths: [join(shard, fileId), shard, folder] };
}

describe('the sweep', () => {
  it('removes bytes without a row once they are an hour old, and no others', async () => {
    const { tenant, kept, orphan } = await withOrphan();
    await sweeper.sweep();
    expect((await idsOf(tenant.id)).sort()).toEqual([kept, orphan].sort());
    await age(...(await stored(tenant.id)));
    await sweeper.sweep();
    expect(await idsOf(tenant.id)).toEqual([kept]);
    expect((await tenant.admin.get(`/v1/files/${kept}/content`)).text).toBe('x');
  });

  it('does so for a suspended tenant as well', async () => {
    const { tenant, kept } = await withOrphan();
    await age(...(await stored(tenant.id)));
    expect((await (await world.operator()).post(`/v1/tenants/${tenant.id}/suspend`)).status).toBe(200);
    await sweeper.sweep();
    expect(await idsOf(tenant.id)).toEqual([kept]);
  });

  it('leaves the folder of a tenant that this registry does not know', async () => {
    const { tenantId, paths } = await strangersFolder();
    await age(...paths);
    await sweeper.sweep();
    expect(await idsOf(tenantId)).toHaveLength(1);
    await rm(join(filesFolder(), tenantId), { recursive: true });
  });

  it('removes what uploads of a server that was killed left behind', async () => {
    const incoming = join(filesFolder(), '.incoming');
    const [old, young] = [join(incoming, randomUUID()), join(incoming, randomUUID())];
    await mkdir(incoming, { recursive: true });
    for (const path of [old, young]) await writeFile(path, 'x');
    await age(old, young);
    await utimes(young, new Date(), new Date());
    await sweeper.sweep();
    const left = (await readdir(incoming)).map((name) => join(incoming, name));
    await rm(young);
    expect([left.includes(old), left.includes(young)]).toEqual([false, true]);
  });
});
