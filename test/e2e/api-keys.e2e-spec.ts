import { inDays, makeKey, programOf, type MadeKey } from '../support/api-keys.js';
import type { Client, Resource } from '../support/client.js';
import { asOwner } from '../support/database.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import { unique, world, type TenantWorld } from '../support/world.js';

const OF_VENDOR = ['vendors:read:own', 'agents:read:own', 'agents:create:own'];
const DAY_MS = 86_400_000;

describe('API keys', () => {
  let tenant: TenantWorld;
  let vendor: Resource;
  let vendorUser: Client;
  beforeAll(async () => {
    tenant = await world.tenant();
    vendor = await tenant.vendor();
    vendorUser = await tenant.vendorUser(vendor);
  });

  const rowOf = async (id: string): Promise<Record<string, unknown>> =>
    (
      await asOwner<Record<string, unknown>>('SELECT * FROM {schema}.api_key WHERE id = $1', [id], tenant.id)
    )[0]!;

  describe('when they are made', () => {
    it('show their secret once, and are kept as a hash', async () => {
      const made = await makeKey(tenant.admin, ['vendors:read:any']);
      expect(made.secret).toMatch(/^rf_test_[0-9A-Za-z]{44}_[0-9A-Za-z]{49}$/);
      expect(made).toMatchObject({
        vendorId: null,
        state: 'active',
        lastUsedAt: null,
        previousSecretUntil: null,
      });
      const again = await tenant.admin.get(`/v1/api-keys/${made.id}`);
      expect(again.headers.get('etag')).not.toBeNull();
      const listed = await tenant.admin.get('/v1/api-keys?limit=100');
      const secret = made.secret.split('_').at(-1)!.slice(0, 43);
      for (const text of [again.text, listed.text, JSON.stringify(await rowOf(made.id))]) {
        expect(text).toContain(made.id);
        expect(text).not.toContain(secret);
      }
    });

    it('are not kept with the answers to keyed requests', async () => {
      const body = { name: unique('Key'), permissions: ['vendors:read:any'] };
      const headers = { 'idempotency-key': unique('once') };
      const [one, other] = [
        await tenant.admin.post('/v1/api-keys', body, headers),
        await tenant.admin.post('/v1/api-keys', body, headers),
      ];
      expect([one.status, other.status]).toEqual([201, 201]);
      expect(other.headers.get('idempotency-replayed')).toBeNull();
      expect((one.body as MadeKey).secret).not.toBe((other.body as MadeKey).secret);
    });

    it('end in 90 days unless another time is asked for, and in 365 at most', async () => {
      const { expiresAt } = await makeKey(tenant.admin, ['vendors:read:any']);
      expect(Math.round((Date.parse(expiresAt) - Date.now()) / DAY_MS)).toBe(90);
      const asked = inDays(364);
      expect((await makeKey(tenant.admin, ['vendors:read:any'], { expiresAt: asked })).expiresAt).toBe(asked);
      for (const bad of [inDays(366), inDays(-1), '2026-02-30T00:00:00Z', null]) {
        const answer = await tenant.admin.post('/v1/api-keys', {
          name: 'Key',
          permissions: ['vendors:read:any'],
          expiresAt: bad,
        });
        expectProblem(answer, 422, 'validation_failed');
        expect(new Set(pointersOf(answer))).toEqual(new Set(['/expiresAt']));
      }
    });

    it.each([
      ['an unknown permission', ['vendors:fly:any'], 'unknown'],
      ['what operators alone hold', ['tenants:read:any'], 'unknown'],
      ['the making of credentials', ['api_keys:create:any'], 'people_only'],
      ['a scope that means nothing without a vendor', ['agents:read:own'], 'needs_vendor'],
    ])('refuse %s to the tenant', async (_, permissions, code) => {
      const answer = await tenant.admin.post('/v1/api-keys', { name: 'Key', permissions });
      expectProblem(answer, 422, 'validation_failed');
      expect(answer.body).toMatchObject({ errors: [{ pointer: '/permissions/0', code }] });
    });

    it('hold no more than the vendor that owns them, whoever makes them', async () => {
      const body = { name: 'Key', permissions: ['agents:read:own', 'vendors:read:any'], vendorId: vendor.id };
      const answer = await tenant.admin.post('/v1/api-keys', body);
      expect(answer.body).toMatchObject({ errors: [{ pointer: '/permissions/1', code: 'exceeds_owner' }] });
    });

    it('hold no more than whoever makes them', async () => {
      const name = unique('role').replace('-', '_');
      const permissions = ['api_keys:create:own', 'api_keys:update:own', 'agents:read:own'];
      await tenant.admin.create('/v1/roles', { name, permissions, exceptFields: ['agents.phone'] });
      const maker = await tenant.user({ roles: [name], vendorId: vendor.id });
      const more = await maker.post('/v1/api-keys', { name: 'Key', permissions: ['agents:delete:own'] });
      expectProblem(more, 403, 'exceeds_own_rights');
      const withField = await maker.post('/v1/api-keys', { name: 'Key', permissions: ['agents:read:own'] });
      expectProblem(withField, 403, 'exceeds_own_rights');
      const right = await programOf(maker, ['agents:read:own'], { exceptFields: ['agents.phone'] });
      const agent = await tenant.agent(vendor, { phone: '+49 30 901820' });
      expect((await right.get(`/v1/agents/${agent.id}`)).body).not.toHaveProperty('phone');
      // Nor does a new secret of a stronger key fall to them.
      const stronger = await makeKey(tenant.admin, OF_VENDOR, { vendorId: vendor.id });
      expectProblem(await maker.post(`/v1/api-keys/${stronger.id}/rotate`, {}), 403, 'exceeds_own_rights');
    });

    it('belong to the vendor of who makes them, and to no other', async () => {
      expect((await makeKey(vendorUser, OF_VENDOR)).vendorId).toBe(vendor.id);
      const other = await tenant.vendor();
      const answer = await vendorUser.post('/v1/api-keys', {
        name: 'K',
        permissions: OF_VENDOR,
        vendorId: other.id,
      });
      expectProblem(answer, 422);
      expect(pointersOf(answer)).toEqual(['/vendorId']);
    });
  });

  it('are listed to their owners alone', async () => {
    const [mine, others] = [
      await makeKey(vendorUser, OF_VENDOR, { name: unique('Mine') }),
      await makeKey(tenant.admin, OF_VENDOR, { vendorId: (await tenant.vendor()).id }),
    ];
    const ids = ((await vendorUser.get('/v1/api-keys?limit=100')).body as { data: Resource[] }).data;
    expect(ids.map(({ id }) => id)).toContain(mine.id);
    expect(ids.every(({ vendorId }) => vendorId === vendor.id)).toBe(true);
    expectProblem(await vendorUser.delete(`/v1/api-keys/${others.id}`), 404);
    const found = await tenant.admin.get(`/v1/api-keys?vendorId=${vendor.id}&q=${mine.name}`);
    expect((found.body as { data: Resource[] }).data.map(({ id }) => id)).toEqual([mine.id]);
    expectProblem(await (await tenant.as('viewer')).get('/v1/api-keys'), 403, 'forbidden');
  });

  it('are at most a hundred of one owner', async () => {
    const own = await world.tenant();
    const made = await makeKey(own.admin, ['vendors:read:any']);
    await asOwner(
      `INSERT INTO {schema}.api_key (id, name, permissions, except_fields, secret_hash, expires_at, version)
       SELECT gen_random_uuid(), name, permissions, '{}', 'x', expires_at, 1 FROM {schema}.api_key, generate_series(1, 99) WHERE id = $1`,
      [made.id],
      own.id,
    );
    const body = { name: 'One more', permissions: ['vendors:read:any'] };
    expectProblem(await own.admin.post('/v1/api-keys', body), 409, 'conflict');
  });
});
