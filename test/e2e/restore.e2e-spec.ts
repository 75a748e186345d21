import { setTimeout as sleep } from 'node:timers/promises';
import { Actor } from '../../src/kernel/actor.js';
import { VendorsService } from '../../src/features/vendors/vendors.service.js';
import { OwnerDatabase } from '../../src/platform/tenancy/owner/owner-database.js';
import { TenantContext } from '../../src/platform/tenancy/tenant-context.js';
import { bindingOf } from '../../src/platform/tenancy/registry/tenant-directory.js';
import { TenantRestoration } from '../../src/platform/tenancy/registry/tenant-restoration.js';
import { newSchemaName } from '../../src/platform/tenancy/tenant-schema.js';
import { PortabilityService } from '../../src/features/portability/portability.service.js';
import { verify } from '../support/audit.js';
import { PortabilityHouse } from '../support/portability.js';
import { world } from '../support/world.js';

const ADMIN = { kind: 'user', sessionId: '', vendorId: null, roles: ['tenant_admin'] } as const;

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
    // What happened has happened, also what the restore undid.
    expect(await verify(await house.adminOf(tenant.slug, tenant))).toMatchObject({ valid: true });
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

  it('stays as it was when filling fails, and leaves no shadow behind', async () => {
    const tenant = await house.furnished();
    const rows = await house.rowsOf(tenant.slug);
    const restoration = house.app.get(TenantRestoration);
    const registered = await house.registered(tenant.slug);
    const filling = restoration.replace(registered, () => Promise.reject(new Error('the disk is full')));
    await expect(filling).rejects.toThrow('the disk is full');

    expect(await house.rowsOf(tenant.slug)).toEqual(rows);
    expect(await house.shadows()).toEqual([]);
  });

  it('lets those who write wait for the exchange, without an error', async () => {
    const tenant = await house.furnished();
    const path = await house.export(tenant.id, 'waiting.zip');
    const schema = await house.schemaOf(tenant.slug);
    const registered = await house.registered(tenant.slug);
    const context = house.app.get(TenantContext);
    const vendors = house.app.get(VendorsService);
    const admin = new Actor({ ...ADMIN, id: tenant.admin.me.id, tenantId: tenant.id });
    let isDone = false;
    let written = 0;
    const write = async (): Promise<void> => {
      for (; !isDone; written++)
        await context.runAs(admin, bindingOf(registered), () =>
          vendors.create({ name: 'V', contactEmail: 'v@ringfence.test', status: 'active', tags: [] }),
        );
    };
    const writers = [write(), write(), write()];
    for (let round = 0; round < 5; round++) await house.app.get(PortabilityService).restore(registered, path);
    isDone = true;
    await Promise.all(writers);

    expect(written).toBeGreaterThan(10);
    expect(await house.schemaOf(tenant.slug)).toBe(schema);
    expect(await house.shadows()).toEqual([]);
  }, 60_000);

  it('is exchanged only when those who write are done, and who comes meanwhile writes to the new tables', async () => {
    const tenant = await world.tenant();
    const path = await house.export(tenant.id, 'locked.zip');
    const registered = await house.registered(tenant.slug);
    const vendors = house.app.get(VendorsService);
    const admin = new Actor({ ...ADMIN, id: tenant.admin.me.id, tenantId: tenant.id });
    const asAdmin = <T>(work: () => Promise<T>): Promise<T> =>
      house.app.get(TenantContext).runAs(admin, bindingOf(registered), work);
    const create = (name: string): Promise<{ id: string }> =>
      vendors.create({ name, contactEmail: 'v@ringfence.test', status: 'active', tags: [] });
    let isSwapped = false;
    let restored: Promise<void> | undefined;
    let late: Promise<{ id: string }> | undefined;
    await asAdmin(() =>
      house.app.get(TenantContext).transaction(async () => {
        await create('before the exchange');
        restored = house.app.get(PortabilityService).restore(registered, path);
        void restored.then(() => (isSwapped = true));
        await sleep(1000);
        late = asAdmin(() => create('after the exchange'));
        await sleep(200);
        expect(isSwapped).toBe(false);
      }),
    );
    await Promise.all([restored, late]);

    expect(isSwapped).toBe(true);
    const { vendor } = await house.rowsOf(tenant.slug);
    expect(vendor!.map((row) => /(before|after) the exchange/.exec(row)?.[1])).toEqual(['after']);
  });

  it('has its forgotten shadow removed by a later start, once it is a day old', async () => {
    const owner = house.app.get(OwnerDatabase);
    const [old, young] = [newSchemaName(), newSchemaName()];
    for (const [schema, since] of [
      [old, '2020-01-01T00:00:00.000Z'],
      [young, new Date().toISOString()],
    ] as const) {
      await owner.createSchema(schema, 0);
      await house.database.query(
        `COMMENT ON SCHEMA "${schema}" IS 'shadow of a tenant that is being restored, since ${since}'`,
      );
    }
    await house.app.get(TenantRestoration).mend();
    const left = await house.shadows();
    await owner.dropSchema(young);

    expect(left).toEqual([young]);
  });
});
