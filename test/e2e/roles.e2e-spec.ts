import type { Client, Resource } from '../support/client.js';
import { pointersOf, expectProblem } from '../support/problem.js';
import { unique, world, type TenantWorld } from '../support/world.js';

const PHONE = '+49 30 901820';

describe('custom roles', () => {
  let tenant: TenantWorld;
  let vendor: Resource;
  let agent: Resource;
  const role = async (permissions: string[], exceptFields: string[] = []): Promise<string> => {
    const name = unique('role').replace('-', '_');
    await tenant.admin.create('/v1/roles', { name, permissions, exceptFields });
    return name;
  };
  const holder = async (...rights: Parameters<typeof role>): Promise<Client> =>
    tenant.user({ roles: [await role(...rights)], vendorId: vendor.id });

  beforeAll(async () => {
    tenant = await world.tenant();
    vendor = await tenant.vendor({ contactPhone: PHONE });
    agent = await tenant.agent(vendor, { phone: PHONE, email: 'agent@ringfence.test' });
  });

  it('are made of the catalogue and nothing else', async () => {
    const name = unique('role').replace('-', '_');
    const wrong = { name, permissions: ['agents:read:own', 'tenants:read:any', 'roles:read:own'] };
    const answer = await tenant.admin.post('/v1/roles', { ...wrong, exceptFields: ['agents.id'] });
    expectProblem(answer, 422, 'validation_failed');
    expect(pointersOf(answer)).toEqual(['/permissions/1', '/permissions/2', '/exceptFields/0']);
  });

  it('leave fields out of every answer, filter, search, order and body', async () => {
    const fields = ['agents.phone', 'agents.name', 'agents.status'];
    const limited = await holder(['agents:read:own', 'agents:update:own', 'personal_data:read:own'], fields);
    const path = `/v1/agents/${agent.id}`;
    const read = (await limited.get(path)).body as object;
    expect(read).toMatchObject({ id: agent.id, email: 'agent@ringfence.test' });
    for (const field of ['phone', 'name', 'status']) expect(read).not.toHaveProperty(field);
    const changed = await limited.patch(path, { capabilities: ['one'] });
    expect(changed.status).toBe(200);
    expect(changed.body).not.toHaveProperty('phone');
    for (const [query, pointer] of [
      ['status=active', '/query/status'],
      ['q=a', '/query/q'],
      ['sort=name', '/query/sort'],
    ] as const) {
      const answer = await limited.get(`/v1/agents?${query}`);
      expectProblem(answer, 403, 'forbidden_fields');
      expect(pointersOf(answer)).toEqual([pointer]);
    }
    for (const value of [PHONE, '+49 30 000000', null]) {
      const answer = await limited.patch(path, { phone: value });
      expectProblem(answer, 403, 'forbidden_fields');
      expect(pointersOf(answer)).toEqual(['/phone']);
    }
  });

  it('answer a change with no more than its author may read', async () => {
    const writer = await holder(['agents:update:own']);
    const { status, body } = await writer.patch(`/v1/agents/${agent.id}`, { capabilities: [] });
    expect(status).toBe(200);
    expect(Object.keys(body as object).toSorted()).toEqual([
      'createdAt',
      'id',
      'updatedAt',
      'vendorId',
      'version',
    ]);
  });

  it('unmask personal data of the own vendor alone', async () => {
    const other = await tenant.agent(await tenant.vendor(), { phone: PHONE });
    const mixed = await tenant.user({ roles: ['viewer', 'vendor'], vendorId: vendor.id });
    expect((await mixed.get(`/v1/agents/${agent.id}`)).body).toMatchObject({ phone: PHONE });
    expect((await mixed.get(`/v1/agents/${other.id}`)).text).not.toContain(PHONE);
  });

  it('cannot reach, by one permission, what another one reaches', async () => {
    const { id: vendorId } = await tenant.vendor();
    const maker = await holder(['vendors:read:any', 'agents:create:own']);
    const answer = await maker.post('/v1/agents', { vendorId, name: 'Spy', kind: 'human' });
    expectProblem(answer, 422, 'validation_failed');
  });

  it('count when changed from the next request on, and cannot be removed while somebody has them', async () => {
    const name = await role(['agents:read:any']);
    const user = await tenant.user({ roles: [name] });
    expect((await user.get('/v1/agents')).status).toBe(200);
    expect(
      (await tenant.admin.patch(`/v1/roles/${name}`, { permissions: ['vendors:read:any'] })).status,
    ).toBe(200);
    expectProblem(await user.get('/v1/agents'), 403, 'forbidden');
    expect((await user.get('/v1/vendors')).status).toBe(200);
    expectProblem(await tenant.admin.delete(`/v1/roles/${name}`), 409, 'role_in_use');
    await tenant.admin.patch(`/v1/users/${user.me.id}`, { roles: ['viewer'] });
    expect((await tenant.admin.delete(`/v1/roles/${name}`)).status).toBe(204);
  });

  it('built in are listed, and stay as they are', async () => {
    expectProblem(await tenant.admin.patch('/v1/roles/viewer', { description: 'x' }), 409, 'built_in_role');
    expectProblem(await tenant.admin.delete('/v1/roles/tenant_admin'), 409, 'built_in_role');
    const name = 'tenant_admin';
    expectProblem(await tenant.admin.post('/v1/roles', { name, permissions: ['agents:read:own'] }), 409);
  });

  describe('nobody grants what they do not hold', () => {
    let clerk: Client;
    beforeAll(async () => {
      clerk = await tenant.user({
        roles: [
          await role(
            [
              'roles:create:any',
              'roles:update:any',
              'users:create:any',
              'users:update:any',
              'agents:read:any',
            ],
            ['agents.phone'],
          ),
        ],
      });
    });
    const make = (permissions: string[], exceptFields: string[] = []) =>
      clerk.post('/v1/roles', { name: unique('role').replace('-', '_'), permissions, exceptFields });

    it.each([
      ['a permission', ['vendors:read:any'], []],
      ['a field', ['agents:read:any'], []],
    ])('making a role: %s', async (_, permissions, exceptFields) => {
      const answer = await make(permissions, exceptFields);
      expectProblem(answer, 403, 'exceeds_own_rights');
      expect(pointersOf(answer)).toEqual(['/permissions/0']);
    });

    it('but all that they hold', async () => {
      expect((await make(['agents:read:own'], ['agents.phone'])).status).toBe(201);
    });

    it('changing a role', async () => {
      const name = await role(['agents:read:any'], ['agents.phone']);
      expectProblem(await clerk.patch(`/v1/roles/${name}`, { exceptFields: [] }), 403, 'exceeds_own_rights');
    });

    it.each(['tenant_admin', 'viewer'])('giving the role %s to somebody, or to themselves', async (given) => {
      const roles = [given];
      const email = `${unique('u')}@ringfence.test`;
      expectProblem(await clerk.post('/v1/users', { email, name: 'x', roles }), 403, 'exceeds_own_rights');
      expectProblem(await clerk.patch(`/v1/users/${clerk.me.id}`, { roles }), 403, 'exceeds_own_rights');
    });

    it('taking over somebody who holds more, by the e-mail address', async () => {
      const { id } = tenant.admin.me;
      const answer = await clerk.patch(`/v1/users/${id}`, { email: `${unique('u')}@ringfence.test` });
      expectProblem(answer, 403, 'exceeds_own_rights');
      expect(pointersOf(answer)).toEqual(['/email']);
    });
  });
});
