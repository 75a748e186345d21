import fc from 'fast-check';
import { compactVerify, createLocalJWKSet } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { Checkpoints } from '../../src/platform/audit/log/checkpoints.js';
import {
  DeletionCertificates,
  type DeletionStatement,
} from '../../src/platform/audit/erasure/deletion-certificates.js';
import { FieldSealer, type Place } from '../../src/platform/protection/field-sealer.js';
import { TenantKeys } from '../../src/platform/protection/tenant-keys.js';
import { TenantLifecycle } from '../../src/platform/tenancy/registry/tenant-lifecycle.js';
import { PortabilityHouse } from '../support/portability.js';
import { world, type TenantWorld } from '../support/world.js';

const PLANTED = '+49 30 7654321';

describe('the data keys of tenants', () => {
  let house: PortabilityHouse;
  let sealer: FieldSealer;
  let tenant: TenantWorld;
  let other: TenantWorld;
  let certified: TenantWorld;
  beforeAll(async () => {
    house = await PortabilityHouse.open();
    sealer = house.app.get(FieldSealer, { strict: false });
    [tenant, other] = await Promise.all([world.tenant(), world.tenant()]);
  });
  afterAll(() => house.close());

  const placeIn = (tenantId: string): Place => ({
    ...{ tenantId, table: 'agent', column: 'phone' },
    row: uuidv7(),
  });
  const wrappedOf = async (owner: string) => {
    const { rows } = await house.database.query<{ kid: string; wrapped: string | null }>(
      `SELECT kid, wrapped FROM platform.tenant_key WHERE owner = $1`,
      [owner],
    );
    return rows;
  };

  it('seal values that open in their own row, column, table and tenant alone', async () => {
    const place = placeIn(tenant.id);
    const sealed = await sealer.seal(place, PLANTED);
    expect(await sealer.open(place, sealed)).toBe(PLANTED);
    const elsewhere: Partial<Place>[] = [
      { row: uuidv7() },
      { column: 'email' },
      { table: 'vendor' },
      { tenantId: other.id },
      { tenantId: null },
    ];
    for (const moved of elsewhere)
      await expect(sealer.open({ ...place, ...moved }, sealed)).rejects.toThrow();
  });

  it('open nothing of which a single bit was changed', async () => {
    const place = placeIn(tenant.id);
    const parts = (await sealer.seal(place, PLANTED)).split('.');
    await fc.assert(
      // Header, nonce, ciphertext and tag; the part between has no bytes, since no key is in it.
      fc.asyncProperty(fc.constantFrom(0, 2, 3, 4), fc.nat(), async (part, bit) => {
        const bytes = Buffer.from(parts[part]!, 'base64url');
        bytes[(bit >> 3) % bytes.length]! ^= 1 << (bit & 7);
        const changed = parts.with(part, bytes.toString('base64url')).join('.');
        await expect(sealer.open(place, changed)).rejects.toThrow();
      }),
    );
  });

  it('are the tenant’s own, wrapped in the registry, and one even when many ask at once', async () => {
    const fresh = await world.tenant();
    const keys = house.app.get(TenantKeys, { strict: false });
    const made = await Promise.all(Array.from({ length: 20 }, () => keys.current(fresh.id, 'files')));
    expect(new Set(made.map(({ kid }) => kid)).size).toBe(1);
    expect(made[0]!.key).toHaveLength(32);
    const { kid } = await keys.current(fresh.id);
    const rows = await wrappedOf(fresh.id);
    expect(rows.map((row) => row.kid).sort()).toEqual([kid, made[0]!.kid].sort());
    for (const { wrapped } of rows)
      expect(wrapped).not.toContain(Buffer.from(made[0]!.key).toString('base64url'));
  });

  it('are refused when the registry gives one tenant the key of another', async () => {
    const [mine, theirs] = [await world.tenant(), await world.tenant()];
    const place = placeIn(mine.id);
    await sealer.seal(place, PLANTED);
    await sealer.seal(placeIn(theirs.id), PLANTED);
    await house.database.query(
      `UPDATE platform.tenant_key t SET wrapped = o.wrapped FROM platform.tenant_key o
        WHERE t.owner = $1 AND o.owner = $2 AND o.purpose = t.purpose`,
      [mine.id, theirs.id],
    );
    const restarted = await PortabilityHouse.open();
    try {
      const attempt = restarted.app.get(FieldSealer, { strict: false }).seal(place, PLANTED);
      await expect(attempt).rejects.toThrow('a wrapped key stands in another place');
    } finally {
      await restarted.close();
    }
  });

  it('make unreadable, once destroyed, what a dump from before holds', async () => {
    const doomed = await world.tenant();
    await doomed.vendor({ contactPhone: PLANTED });
    const schema = await house.schemaOf(doomed.slug);
    const { rows: dump } = await house.database.query<{ id: string; payload: string }>(
      `SELECT id, payload FROM "${schema}".audit_event`,
    );
    const placeOf = (row: string): Place => ({
      ...{ tenantId: doomed.id, table: 'audit_event', column: 'payload' },
      row,
    });
    const opened = await Promise.all(dump.map(({ id, payload }) => sealer.open(placeOf(id), payload)));
    expect(opened.join()).toContain(PLANTED);

    const operator = await world.operator();
    const removed = await operator.delete(`/v1/tenants/${doomed.id}?confirm=${doomed.slug}`);
    expect(removed.status).toBe(204);
    for (const { id, payload } of dump)
      await expect(sealer.open(placeOf(id), payload)).rejects.toThrow('there is no such data key');
    expect(await wrappedOf(doomed.id)).toEqual([{ kid: expect.any(String) as string, wrapped: null }]);
    await expect(sealer.seal(placeOf(uuidv7()), 'anew')).rejects.toThrow('there is no such data key');
  });

  it('are destroyed before anything else of the tenant, even while its database is away', async () => {
    const doomed = await world.tenant();
    const lifecycle = house.app.get(TenantLifecycle, { strict: false });
    const record = await house.registered(doomed.slug);
    await house.database.query('UPDATE platform.tenant SET database = $2 WHERE id = $1', [doomed.id, 'away']);
    await expect(lifecycle.destroy({ ...record, database: 'away' })).rejects.toThrow();
    expect((await wrappedOf(doomed.id)).every(({ wrapped }) => wrapped === null)).toBe(true);
    expect(await house.schemaOf(doomed.slug)).toBe(record.schemaName);
    await house.database.query('UPDATE platform.tenant SET database = $2 WHERE id = $1', [doomed.id, 'main']);
    await lifecycle.destroy(record);
    certified = doomed;
  });

  it('are named in the signed certificate of the deletion, and nobody gets one for a living tenant', async () => {
    const certificates = house.app.get(DeletionCertificates, { strict: false });
    const certificate = await certificates.find(certified.slug);
    const published = await house.app.get(Checkpoints, { strict: false }).published();
    const { payload, protectedHeader } = await compactVerify(
      certificate ?? '',
      createLocalJWKSet({ keys: published }),
    );
    expect(protectedHeader.typ).toBe('deletion-certificate+jwt');
    const statement = JSON.parse(Buffer.from(payload).toString()) as DeletionStatement;
    expect(statement.tenant).toEqual({ id: certified.id, slug: certified.slug });
    const rows = await wrappedOf(certified.id);
    expect(statement.keys.map(({ kid }) => kid)).toEqual(rows.map(({ kid }) => kid));
    expect(rows.length).toBeGreaterThan(0);
    expect(await certificates.find(other.slug)).toBeUndefined();
    const { stdout } = await house.run('tenant', 'certificate', certified.slug);
    expect(stdout.trim()).toBe(certificate);
  });
});
