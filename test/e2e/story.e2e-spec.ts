import { Client, type Answer, type Resource } from '../support/client.js';
import { expectProblem } from '../support/problem.js';
import { unique, world, type TenantWorld } from '../support/world.js';

interface Supplier {
  tenant: TenantWorld;
  vendor: Resource;
  user: Client;
  agent: Resource;
  file: Resource;
}

const idsOf = (answer: Answer): string[] =>
  (answer.body as { data: Resource[] }).data.map(({ id }) => id).sort();

describe('two tenants with two vendors each', () => {
  let tenants: TenantWorld[];
  let suppliers: Supplier[];

  beforeAll(async () => {
    tenants = await Promise.all([world.tenant(), world.tenant()]);
    suppliers = [];
    for (const tenant of [...tenants, ...tenants]) {
      const vendor = await tenant.vendor();
      const user = await tenant.vendorUser(vendor);
      // Vendors leave out vendorId: it is filled in.
      const agent = await user.create('/v1/agents', {
        name: unique('Agent'),
        kind: 'software',
        status: 'active',
        capabilities: ['quotes'],
      });
      const upload = await user.upload(`/v1/agents/${agent.id}`, 'note.txt', `for ${vendor.id}`);
      expect(upload.status).toBe(201);
      suppliers.push({ tenant, vendor, user, agent, file: upload.body as Resource });
    }
  });

  it('shows the operator the tenants, and none of their data', async () => {
    const operator = await world.operator();
    expect(operator.me).toMatchObject({ kind: 'operator', tenant: null });
    for (const { id, slug } of tenants) {
      expect((await operator.get(`/v1/tenants/${id}`)).body).toMatchObject({ id, slug });
    }
    for (const noun of ['vendors', 'agents', 'users']) expectProblem(await operator.get(`/v1/${noun}`), 403);
  });

  it('tells each user who they are', () => {
    for (const { tenant, vendor, user } of suppliers) {
      expect(user.me).toMatchObject({
        kind: 'user',
        tenant: { id: tenant.id, slug: tenant.slug },
        vendorId: vendor.id,
        roles: ['vendor'],
      });
    }
  });

  it('fills in the vendor of an agent that a vendor makes, and refuses another', async () => {
    for (const { vendor, agent } of suppliers) expect(agent.vendorId).toBe(vendor.id);
    const [first, , sister] = suppliers as [Supplier, Supplier, Supplier];
    const answer = await first.user.post('/v1/agents', {
      vendorId: sister.vendor.id,
      name: 'Intruder',
      kind: 'human',
      status: 'active',
      capabilities: [],
    });
    expectProblem(answer);
    expect(idsOf(await sister.user.get('/v1/agents'))).toEqual([sister.agent.id]);
  });

  it('lists to each vendor its own and nothing else', async () => {
    for (const { user, vendor, agent, file } of suppliers) {
      expect(idsOf(await user.get('/v1/vendors'))).toEqual([vendor.id]);
      expect(idsOf(await user.get('/v1/agents'))).toEqual([agent.id]);
      expect(idsOf(await user.get(`/v1/agents/${agent.id}/files`))).toEqual([file.id]);
      expect((await user.get(`/v1/files/${file.id}/content`)).text).toBe(`for ${vendor.id}`);
    }
  });

  it('lists to each admin what is in the tenant, and nothing else', async () => {
    for (const tenant of tenants) {
      const inside = suppliers.filter((supplier) => supplier.tenant === tenant);
      expect(idsOf(await tenant.admin.get('/v1/vendors'))).toEqual(
        inside.map(({ vendor }) => vendor.id).sort(),
      );
      expect(idsOf(await tenant.admin.get('/v1/agents'))).toEqual(inside.map(({ agent }) => agent.id).sort());
    }
  });

  it('hides what is others’, whichever way it is asked for', async () => {
    for (const { user } of suppliers) {
      for (const other of suppliers.filter((supplier) => supplier.user !== user)) {
        expectProblem(await user.get(`/v1/vendors/${other.vendor.id}`), 404);
        expectProblem(await user.get(`/v1/agents/${other.agent.id}`), 404);
        expectProblem(await user.get(`/v1/files/${other.file.id}`), 404);
        expectProblem(await user.get(`/v1/files/${other.file.id}/content`), 404);
        const filtered = await user.get(`/v1/agents?vendorId=${other.vendor.id}`);
        if (filtered.status === 200) expect(idsOf(filtered)).toEqual([]);
        else expectProblem(filtered);
      }
    }
  });

  it('refuses a vendor what is not a vendor’s to do with 403', async () => {
    const { user } = suppliers[0]!;
    expectProblem(await user.post('/v1/vendors', {}), 403, 'forbidden');
    expectProblem(await user.get('/v1/users'), 403, 'forbidden');
    expectProblem(await user.get('/v1/tenants'), 403, 'forbidden');
  });

  it('refuses a user of one tenant at the door of the other', async () => {
    const [one, two] = tenants as [TenantWorld, TenantWorld];
    const email = `${unique('traveller')}@ringfence.test`;
    const password = unique('a long enough passphrase');
    await one.admin.create('/v1/users', { email, password, name: 'Traveller', roles: ['viewer'] });
    await expect(Client.signIn({ tenant: two.slug, email, password })).rejects.toThrow('401');
  });
});
