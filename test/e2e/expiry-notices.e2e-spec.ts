import type { INestApplicationContext } from '@nestjs/common';
import { ExpiryNotices } from '../../src/platform/api-keys/expiry/expiry-notices.js';
import { Registry } from '../../src/platform/tenancy/registry/registry.js';
import { Tenant } from '../../src/platform/tenancy/registry/tenant.entity.js';
import { makeAgent } from '../support/agents.js';
import { inDays, makeKey, type MadeKey } from '../support/api-keys.js';
import { entriesOf } from '../support/audit.js';
import type { Resource } from '../support/client.js';
import { asOwner } from '../support/database.js';
import { mailsTo, mailTo } from '../support/mail.js';
import { contextOf } from '../support/routes.js';
import { world, type TenantWorld } from '../support/world.js';

const READING = ['agents:read:own'];

describe('the end of what programs call with', () => {
  let app: INestApplicationContext;
  let notices: ExpiryNotices;
  let tenant: TenantWorld;
  let vendor: Resource;
  let registered: Tenant;
  beforeAll(async () => {
    app = await contextOf();
    notices = app.get(ExpiryNotices);
    tenant = await world.tenant();
    vendor = await tenant.vendor();
    registered = await app.get(Registry).getRepository(Tenant).findOneByOrFail({ id: tenant.id });
  });
  afterAll(() => app.close());

  const daysTold = async (id: string): Promise<unknown[]> => {
    await notices.announceIn(registered);
    await notices.announceIn(registered);
    const entries = await entriesOf(
      tenant.admin,
      `&action=authn_token_expiring&targetId=${id}&sort=createdAt`,
    );
    return entries.map(({ detail }) => detail.days);
  };
  const setEnd = (table: string, id: string, days: number) =>
    asOwner(`UPDATE {schema}.${table} SET expires_at = $2 WHERE id = $1`, [id, inDays(days)], tenant.id);
  const stateOf = async (collection: string, id: string): Promise<string> =>
    ((await tenant.admin.get(`/v1/${collection}/${id}`)).body as { state: string }).state;

  it.each<[string, string, string, () => Promise<string>]>([
    ['an API key', 'api_key', 'api-keys', async () => (await makeKey(tenant.admin, ['agents:read:any'])).id],
    [
      'a credential of an agent',
      'agent_credential',
      'agent-credentials',
      async () => (await makeAgent(tenant.admin, vendor.id, READING)).credentialId,
    ],
  ])('is announced 14, 7 and 1 days ahead, once each: of %s', async (_, table, collection, make) => {
    const id = await make();
    expect([await daysTold(id), await stateOf(collection, id)]).toEqual([[], 'active']);
    await setEnd(table, id, 13.5);
    expect([await daysTold(id), await stateOf(collection, id)]).toEqual([[14], 'expiring']);
    await setEnd(table, id, 6.5);
    expect(await daysTold(id)).toEqual([14, 7]);
    await setEnd(table, id, 0.5);
    await notices.announceAll();
    expect(await daysTold(id)).toEqual([14, 7, 1]);
    await setEnd(table, id, -1);
    expect([await daysTold(id), await stateOf(collection, id)]).toEqual([[14, 7, 1], 'expired']);
  });

  it('is announced anew after a rotation', async () => {
    const { id } = await makeKey(tenant.admin, ['agents:read:any'], { expiresAt: inDays(0.5) });
    expect(await daysTold(id)).toEqual([1]);
    const { body } = await tenant.admin.post(`/v1/api-keys/${id}/rotate`, { expiresAt: inDays(3) });
    expect((body as MadeKey).id).toBe(id);
    expect(await daysTold(id)).toEqual([1, 7]);
  });

  it('is mailed to the users of the vendor that owns it, and to administrators where there is none', async () => {
    const [staffed, bare] = [await tenant.vendor(), await tenant.vendor()];
    const email = (await tenant.vendorUser(staffed)).me.email!;
    const admin = tenant.admin.me.email!;
    const ends = { expiresAt: inDays(3) };
    const [ofStaffed, ofBare, ofTenant] = [
      await makeKey(tenant.admin, READING, { ...ends, vendorId: staffed.id }),
      await makeKey(tenant.admin, READING, { ...ends, vendorId: bare.id }),
      await makeKey(tenant.admin, ['agents:read:any'], ends),
    ];
    await notices.announceIn(registered);
    const { raw } = await mailTo(email, `A key ends soon: ${ofStaffed.name}`);
    expect(raw).not.toContain(ofStaffed.secret);
    for (const { name } of [ofBare, ofTenant]) await mailTo(admin, `A key ends soon: ${name}`);
    const subjects = (await mailsTo(admin)).map(({ subject }) => subject);
    expect(subjects).not.toContain(`A key ends soon: ${ofStaffed.name}`);
    await notices.announceIn(registered);
    expect((await mailsTo(email)).filter(({ subject }) => subject.startsWith('A key'))).toHaveLength(1);
  });
});
