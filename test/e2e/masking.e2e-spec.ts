import { Actor } from '../../src/kernel/actor.js';
import { VendorsRepository } from '../../src/features/vendors/vendors.repository.js';
import type { Vendor } from '../../src/features/vendors/vendor.entity.js';
import type { ListFilters } from '../../src/platform/tenancy/tenant.repository.js';
import { bindingOf } from '../../src/platform/tenancy/registry/tenant-directory.js';
import { TenantContext } from '../../src/platform/tenancy/tenant-context.js';
import type { Client } from '../support/client.js';
import { PortabilityHouse } from '../support/portability.js';
import { world, type TenantWorld } from '../support/world.js';

const HIDDEN = {
  contactEmail: 'quiet.person@hidden.example',
  contactPhone: '+493055501234',
  taxId: 'DE99887766',
};
const AGENT = { email: 'silent.agent@hidden.example', phone: '+493055505678' };
/** What a guesser would try: all of the values, and parts of them. */
const GUESSES = ['quiet', 'hidden.example', '5550', '9988', 'DE99887766', 'silent', HIDDEN.contactPhone];

describe('masked fields', () => {
  let house: PortabilityHouse;
  let tenant: TenantWorld;
  let viewer: Client;
  let vendorId: string;
  let agentId: string;
  beforeAll(async () => {
    house = await PortabilityHouse.open();
    tenant = await world.tenant();
    const vendor = await tenant.vendor({ name: 'Plain name', ...HIDDEN });
    const agent = await tenant.agent(vendor, { name: 'Some agent', ...AGENT });
    [vendorId, agentId] = [vendor.id, agent.id];
    viewer = await tenant.as('viewer');
  });
  afterAll(() => house.close());

  const totalOf = async (path: string): Promise<number> => {
    const { status, body } = await viewer.get(path);
    expect(status).toBe(200);
    return (body as { data: unknown[] }).data.length;
  };

  it('are masked in each answer, one by one and in lists', async () => {
    const answers = [
      await viewer.get('/v1/vendors'),
      await viewer.get(`/v1/vendors/${vendorId}`),
      await viewer.get('/v1/agents'),
      await viewer.get(`/v1/agents/${agentId}`),
    ];
    for (const { status, text } of answers) {
      expect(status).toBe(200);
      expect(text).toContain('•••');
      for (const value of [...Object.values(HIDDEN), ...Object.values(AGENT)])
        expect(text).not.toContain(value);
    }
  });

  it.each(GUESSES)('are not found by ?q=%s', async (guess) => {
    for (const list of ['vendors', 'agents', 'users'])
      expect(await totalOf(`/v1/${list}?q=${encodeURIComponent(guess)}`)).toBe(0);
  });

  it('can be neither sorted nor filtered by', async () => {
    for (const field of [...Object.keys(HIDDEN), ...Object.keys(AGENT)]) {
      for (const list of ['vendors', 'agents', 'users']) {
        expect((await viewer.get(`/v1/${list}?sort=${field}`)).status).toBe(422);
        expect((await viewer.get(`/v1/${list}?${field}=x`)).status).toBe(422);
      }
    }
  });

  it('are in no cursor', async () => {
    await tenant.vendor({ name: 'Another name' });
    for (const sort of ['name', '-createdAt']) {
      const { body } = await viewer.get(`/v1/vendors?limit=1&sort=${sort}`);
      const { nextCursor } = (body as { page: { nextCursor: string } }).page;
      const cursor = Buffer.from(nextCursor, 'base64url').toString();
      for (const value of Object.values(HIDDEN)) expect(cursor).not.toContain(value);
    }
  });

  describe('where a repository would offer them for a list', () => {
    class Loose extends VendorsRepository {
      listBy(filters: ListFilters<Vendor>) {
        return this.findPage({ limit: 10, sort: '-createdAt' }, filters);
      }
    }
    const FILTERS: ListFilters<Vendor>[] = [
      { search: ['contactEmail', 'quiet'] },
      { equals: { taxId: HIDDEN.taxId } },
      { equals: { contactPhone: HIDDEN.contactPhone } },
    ];
    const listAs = async (role: string, filters: ListFilters<Vendor>) => {
      const context = house.app.get(TenantContext);
      const facts = { kind: 'user', id: tenant.admin.me.id, sessionId: '', vendorId: null } as const;
      const actor = new Actor({ ...facts, tenantId: tenant.id, roles: [role] });
      const binding = bindingOf(await house.registered(tenant.slug));
      return context.runAs(actor, binding, () => new Loose(context).listBy(filters));
    };

    it.each(FILTERS)('are refused to who sees them masked: %j', async (filters) => {
      await expect(listAs('viewer', filters)).rejects.toMatchObject({ code: 'forbidden_fields' });
      expect((await listAs('tenant_admin', filters)).data).toHaveLength(1);
    });
  });
});
