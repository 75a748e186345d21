import { setTimeout as sleep } from 'node:timers/promises';
import { PortabilityService } from '../../src/features/portability/portability.service.js';
import { PortabilityHouse } from '../support/portability.js';
import { world } from '../support/world.js';

describe('a tenant restored from its export', () => {
  let house: PortabilityHouse;

  beforeAll(async () => {
    house = await PortabilityHouse.open();
  }, 60_000);

  afterAll(async () => {
    await house.close();
  });

  it('is as it was, while it is read and another tenant is written to; its sessions end', async () => {
    const [tenant, other] = [await house.furnished(), await world.tenant()];
    const [rows, contents] = [await house.rowsOf(tenant.slug), await house.contentsOf(tenant.admin)];
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
    const admin = await house.adminOf(tenant.slug, tenant);
    expect(await house.contentsOf(admin)).toEqual(contents);
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
    const tenant = await house.furnished();
    const rows = await house.rowsOf(tenant.slug);
    const path = await house.export((await world.tenant()).id, 'foreign.zip');

    await expect(
      house.app.get(PortabilityService).restore(await house.registered(tenant.slug), path),
    ).rejects.toThrow('another tenant');
    expect(await house.rowsOf(tenant.slug)).toEqual(rows);
  });
});
