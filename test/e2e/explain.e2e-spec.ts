import { v7 as uuidv7 } from 'uuid';
import { makeAgent } from '../support/agents.js';
import { makeKey } from '../support/api-keys.js';
import type { Client, Resource } from '../support/client.js';
import { pointersOf } from '../support/problem.js';
import { unique, world, type TenantWorld } from '../support/world.js';

/** What `POST /v1/access/explain` answers. */
interface Explanation {
  isAllowed: boolean;
  rule: string;
  status: number | null;
  route: string;
  permission: string | null;
  grants: { role: string | null; grant: string; withoutFields: string[] }[];
  confinedTo: string | null;
  refusedFields: string[];
}

describe('POST /v1/access/explain', () => {
  let tenant: TenantWorld;
  let vendor: Resource;
  let agent: Resource;
  let others: Resource;
  let vendorUser: Client;

  beforeAll(async () => {
    tenant = await world.tenant();
    vendor = await tenant.vendor();
    agent = await tenant.agent(vendor);
    others = await tenant.agent(await tenant.vendor());
    vendorUser = await tenant.vendorUser(vendor);
  });

  async function explain(of: Client, method: string, path: string, fields?: string[]): Promise<Explanation> {
    const answer = await tenant.admin.post('/v1/access/explain', { userId: of.me.id, method, path, fields });
    expect(answer.status).toBe(200);
    return answer.body as Explanation;
  }

  it('names the grant that lets a vendor read an agent of its own, and the vendor to which it is confined', async () => {
    expect(await explain(vendorUser, 'GET', `/v1/agents/${agent.id}`)).toMatchObject({
      ...{ isAllowed: true, rule: 'granted', status: null, route: 'GET /v1/agents/:id' },
      ...{ permission: 'agents:read', confinedTo: vendor.id },
      grants: [{ role: 'vendor', grant: 'agents:read:own', withoutFields: [] }],
    });
  });

  it('says that an agent of another vendor is out of reach, and the same of one that does not exist', async () => {
    const [anothers, missing] = [
      await explain(vendorUser, 'GET', `/v1/agents/${others.id}`),
      await explain(vendorUser, 'GET', `/v1/agents/${uuidv7()}`),
    ];
    expect(anothers).toMatchObject({ isAllowed: false, rule: 'out_of_reach', status: 404 });
    expect(missing).toEqual(anothers);
  });

  it('says that no role grants what a viewer may not do', async () => {
    const viewer = await tenant.as('viewer');
    expect(await explain(viewer, 'DELETE', `/v1/agents/${agent.id}`)).toMatchObject({
      ...{ isAllowed: false, rule: 'not_granted', status: 403, permission: 'agents:delete', grants: [] },
    });
  });

  it('tells of each of several roles, and of the fields that they leave out', async () => {
    const name = unique('clerk').replace('-', '_');
    await tenant.admin.create('/v1/roles', {
      ...{ name, permissions: ['agents:update:any'], exceptFields: ['agents.phone'] },
    });
    const clerk = await tenant.user({ roles: ['viewer', name] });
    const path = `/v1/agents/${others.id}`;
    expect(await explain(clerk, 'PATCH', path, ['name'])).toMatchObject({ isAllowed: true, rule: 'granted' });
    expect(await explain(clerk, 'PATCH', path, ['name', 'phone'])).toMatchObject({
      ...{ isAllowed: false, rule: 'field_not_granted', status: 403, refusedFields: ['phone'] },
      grants: [{ role: name, grant: 'agents:update:any', withoutFields: ['phone'] }],
    });
    expect((await clerk.patch(path, { name: 'Renamed', phone: '+49 30 901820' })).status).toBe(403);
    expect((await clerk.patch(path, { name: 'Renamed' })).status).toBe(200);
  });

  it('says why rights over the own vendor are none to a user without a vendor', async () => {
    const name = unique('own').replace('-', '_');
    await tenant.admin.create('/v1/roles', { name, permissions: ['agents:read:own'] });
    const stray = await tenant.user({ roles: [name] });
    expect(await explain(stray, 'GET', '/v1/agents')).toMatchObject({
      ...{ isAllowed: false, rule: 'own_without_vendor', status: 403 },
      grants: [{ role: name, grant: 'agents:read:own' }],
    });
  });

  it('tells routes that ask for no right from those that do', async () => {
    expect(await explain(vendorUser, 'GET', '/v1/me')).toMatchObject({ rule: 'any_caller', isAllowed: true });
    expect(await explain(vendorUser, 'POST', '/v1/auth/login')).toMatchObject({ rule: 'public_route' });
  });

  it('says what a read-only tenant refuses, and is answered in one', async () => {
    const quiet = await world.tenant();
    await (await world.operator()).post(`/v1/tenants/${quiet.id}/suspend`, { mode: 'read_only' });
    const asked = (method: string, path: string) =>
      quiet.admin.post('/v1/access/explain', { userId: quiet.admin.me.id, method, path });
    expect((await asked('POST', '/v1/vendors')).body).toMatchObject({
      rule: 'read_only_tenant',
      status: 403,
    });
    expect((await asked('GET', '/v1/vendors')).body).toMatchObject({ rule: 'granted' });
    expect((await asked('POST', '/v1/auth/logout')).body).toMatchObject({ rule: 'any_caller' });
  });

  it('points at a user of another tenant, a route that does not exist and a method that is none', async () => {
    const stranger = (await world.tenant()).admin.me.id;
    const userId = vendorUser.me.id;
    const pointers = async (body: object) => {
      const { status, body: problem } = await tenant.admin.post('/v1/access/explain', body);
      return [status, ...(problem as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer)];
    };
    expect(await pointers({ userId: stranger, method: 'GET', path: '/v1/me' })).toEqual([422, '/userId']);
    expect(await pointers({ userId, method: 'GET', path: '/v1/nothing' })).toEqual([422, '/path']);
    expect(await pointers({ userId, method: 'PUT', path: '/v1/agents' })).toEqual([422, '/path']);
    expect(await pointers({ userId, method: 'HEAD', path: '/v1/me' })).toEqual([422, '/method']);
    expect(await pointers({ userId, method: 'GET', path: '/v1/me?x=%00' })).toEqual([422, '/path']);
  });

  it('tells nobody who does not administer the tenant', async () => {
    const body = { userId: vendorUser.me.id, method: 'GET', path: '/v1/me' };
    expect((await vendorUser.post('/v1/access/explain', body)).status).toBe(403);
    expect((await (await tenant.as('auditor')).post('/v1/access/explain', body)).status).toBe(403);
  });

  describe('asked of programs', () => {
    const told = async (who: object, method: string, path: string): Promise<Explanation> =>
      (await tenant.admin.post('/v1/access/explain', { ...who, method, path })).body as Explanation;

    it('names what is written for an API key, and that people alone may do some things', async () => {
      const permissions = ['agents:read:own', 'agents:update:own'];
      const { id: apiKeyId } = await makeKey(vendorUser, permissions, {
        exceptFields: ['agents.phone:update'],
      });
      expect(await told({ apiKeyId }, 'PATCH', `/v1/agents/${agent.id}`)).toMatchObject({
        ...{ rule: 'granted', confinedTo: vendor.id },
        grants: [{ role: null, grant: 'agents:update:own', withoutFields: ['phone'] }],
      });
      expect(await told({ apiKeyId }, 'GET', `/v1/agents/${others.id}`)).toMatchObject({
        rule: 'out_of_reach',
      });
      expect(await told({ apiKeyId }, 'POST', '/v1/api-keys')).toMatchObject({
        rule: 'not_granted',
        status: 403,
      });
      expect(await told({ apiKeyId }, 'POST', '/v1/auth/logout')).toMatchObject({
        rule: 'people_only',
        status: 403,
      });
      expect(await told({ apiKeyId }, 'GET', '/v1/me')).toMatchObject({ rule: 'any_caller', status: null });
      const ofTenant = await makeKey(tenant.admin, ['security_policy:update:any']);
      const policy = await told({ apiKeyId: ofTenant.id }, 'PATCH', '/v1/security-policy');
      expect(policy).toMatchObject({ rule: 'people_only', status: 403 });
    });

    it('says of an agent what its credential grants, and that it is stopped with its vendor', async () => {
      const owner = await tenant.vendor();
      const made = await makeAgent(tenant.admin, owner.id, ['agents:read:own']);
      const who = { agentCredentialId: made.credentialId };
      expect(await told(who, 'GET', `/v1/agents/${made.agent.id}`)).toMatchObject({
        ...{ rule: 'granted', confinedTo: owner.id, grants: [{ role: null, grant: 'agents:read:own' }] },
      });
      expect(await told(who, 'GET', `/v1/agents/${agent.id}`)).toMatchObject({ rule: 'out_of_reach' });
      await tenant.admin.patch(`/v1/vendors/${owner.id}`, { status: 'suspended' });
      expect(await told(who, 'GET', '/v1/agents')).toMatchObject({ rule: 'not_good', status: 401 });
      expect(await told(who, 'GET', '/health/live')).toMatchObject({ rule: 'public_route', status: null });
    });

    it.each<[object, string]>([
      [{}, '/userId'],
      [{ userId: uuidv7(), apiKeyId: uuidv7() }, '/apiKeyId'],
      [{ apiKeyId: uuidv7() }, '/apiKeyId'],
      [{ agentCredentialId: uuidv7() }, '/agentCredentialId'],
    ])('needs one caller, who exists: not %j', async (who, pointer) => {
      const answer = await tenant.admin.post('/v1/access/explain', {
        ...who,
        method: 'GET',
        path: '/v1/agents',
      });
      expect([answer.status, pointersOf(answer)]).toEqual([422, [pointer]]);
    });
  });
});
