import { makeKey, programOf } from '../support/api-keys.js';
import { send, type Client, type Resource } from '../support/client.js';
import { asOwner } from '../support/database.js';
import { expectProblem } from '../support/problem.js';
import { unique, world, type TenantWorld } from '../support/world.js';

const OF_VENDOR = ['vendors:read:own', 'agents:read:own', 'agents:create:own'];

describe('API keys as callers', () => {
  let tenant: TenantWorld;
  let vendor: Resource;
  let vendorUser: Client;
  beforeAll(async () => {
    tenant = await world.tenant();
    vendor = await tenant.vendor();
    vendorUser = await tenant.vendorUser(vendor);
  });

  const vendors = (token: string) => send('GET', '/v1/vendors', { token });

  describe('when programs call with them', () => {
    it('say who they are', async () => {
      const made = await makeKey(vendorUser, OF_VENDOR);
      const { body } = await send('GET', '/v1/me', { token: made.secret });
      expect(body).toEqual({
        id: made.id,
        kind: 'api_key',
        name: made.name,
        tenant: { id: tenant.id, slug: tenant.slug },
        vendorId: vendor.id,
        roles: [],
        permissions: [...OF_VENDOR].sort(),
        exceptFields: [],
        actor: null,
      });
    });

    it('reach what their permissions cover, and nothing beside', async () => {
      const program = await programOf(vendorUser, OF_VENDOR);
      const [own, others] = [await tenant.agent(vendor), await tenant.agent(await tenant.vendor())];
      expect((await program.get(`/v1/agents/${own.id}`)).status).toBe(200);
      expectProblem(await program.get(`/v1/agents/${others.id}`), 404, 'not_found');
      expectProblem(await program.delete(`/v1/agents/${own.id}`), 403, 'forbidden');
      const made = await program.create('/v1/agents', { name: 'Made by a program', kind: 'software' });
      expect(made.vendorId).toBe(vendor.id);
      expectProblem(await program.get('/v1/api-keys'), 403, 'forbidden');
      expectProblem(
        await program.post('/v1/api-keys', { name: 'K', permissions: OF_VENDOR }),
        403,
        'forbidden',
      );
      for (const [method, path] of [
        ['GET', '/v1/auth/sessions'],
        ['POST', '/v1/auth/logout'],
        ['PUT', '/v1/auth/password'],
      ] as const)
        expectProblem(
          await program.send(method, path, method === 'GET' ? undefined : {}),
          403,
          'people_only',
        );
    });

    it('hold what their owner holds at that moment, whatever was written for them once', async () => {
      const made = await makeKey(vendorUser, OF_VENDOR);
      await asOwner(
        `UPDATE {schema}.api_key SET permissions = permissions || '{vendors:read:any,vendors:create:any,api_keys:read:own}' WHERE id = $1`,
        [made.id],
        tenant.id,
      );
      const other = await tenant.vendor();
      const me = await send('GET', '/v1/me', { token: made.secret });
      expect((me.body as { permissions: string[] }).permissions).toEqual([...OF_VENDOR].sort());
      expectProblem(await send('GET', `/v1/vendors/${other.id}`, { token: made.secret }), 404);
      const body = { name: 'V', contactEmail: 'v@ringfence.test' };
      expectProblem(await send('POST', '/v1/vendors', { token: made.secret, body }), 403, 'forbidden');
    });

    it('make requests count once, each key by itself', async () => {
      const [one, other] = [await programOf(vendorUser, OF_VENDOR), await programOf(vendorUser, OF_VENDOR)];
      const headers = { 'idempotency-key': unique('once') };
      const body = { name: 'Once', kind: 'software' };
      const ids = [];
      for (const program of [one, one, other])
        ids.push(((await program.post('/v1/agents', body, headers)).body as Resource).id);
      expect(ids[1]).toBe(ids[0]);
      expect(ids[2]).not.toBe(ids[0]);
    });

    it('share the limits of their tenant', async () => {
      const small = await world.tenant();
      const program = await programOf(small.admin, ['vendors:read:any']);
      await (await world.operator()).patch(`/v1/tenants/${small.id}`, { policy: { requestsPerMinute: 1 } });
      const answers = [];
      for (let call = 0; call < 3; call++) answers.push(await program.get('/v1/vendors'));
      const last = answers.at(-1)!;
      expectProblem(last, 429, 'rate_limited');
      expect(last.headers.get('ratelimit')).toContain('"tenant"');
    });

    it('were last used when and from where, without a new version of the key', async () => {
      const made = await makeKey(tenant.admin, ['vendors:read:any']);
      const etag = (await tenant.admin.get(`/v1/api-keys/${made.id}`)).headers.get('etag');
      await vendors(made.secret);
      const after = await tenant.admin.get(`/v1/api-keys/${made.id}`);
      expect(after.body).toMatchObject({
        lastUsedFrom: '127.0.0.1',
        version: made.version,
        updatedAt: made.updatedAt,
      });
      expect(after.headers.get('etag')).toBe(etag);
      const { lastUsedAt } = after.body as { lastUsedAt: string };
      await vendors(made.secret);
      expect((await tenant.admin.get(`/v1/api-keys/${made.id}`)).body).toMatchObject({ lastUsedAt });
    });
  });

  describe('are refused with 401,', () => {
    it.each([
      ['garbage', () => 'rf_garbage'],
      [
        'a secret of another key',
        async () => {
          const [one, other] = [
            await makeKey(tenant.admin, ['vendors:read:any']),
            await makeKey(vendorUser, OF_VENDOR),
          ];
          await asOwner(
            `UPDATE {schema}.api_key SET secret_hash = (SELECT secret_hash FROM {schema}.api_key WHERE id = $2) WHERE id = $1`,
            [one.id, other.id],
            tenant.id,
          );
          return one.secret;
        },
      ],
      [
        'one that expired',
        async () => {
          const made = await makeKey(tenant.admin, ['vendors:read:any']);
          await asOwner(`UPDATE {schema}.api_key SET expires_at = now() WHERE id = $1`, [made.id], tenant.id);
          return made.secret;
        },
      ],
      [
        'one whose vendor is gone',
        async () => {
          const gone = await tenant.vendor();
          const made = await makeKey(tenant.admin, OF_VENDOR, { vendorId: gone.id });
          await tenant.admin.delete(`/v1/vendors/${gone.id}`);
          return made.secret;
        },
      ],
      [
        'one of a tenant that is gone',
        async () => {
          const gone = await world.tenant();
          const made = await makeKey(gone.admin, ['vendors:read:any']);
          await (await world.operator()).delete(`/v1/tenants/${gone.id}?confirm=${gone.slug}`);
          return made.secret;
        },
      ],
    ])('%s', async (_, key) => {
      const answer = await vendors(await key());
      expectProblem(answer, 401, 'unauthenticated');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    });

    it('as long as their vendor is suspended', async () => {
      const own = await tenant.vendor();
      const made = await makeKey(tenant.admin, OF_VENDOR, { vendorId: own.id });
      const setStatus = (status: string) => tenant.admin.patch(`/v1/vendors/${own.id}`, { status });
      expect((await vendors(made.secret)).status).toBe(200);
      await setStatus('suspended');
      expectProblem(await vendors(made.secret), 401, 'unauthenticated');
      await setStatus('active');
      expect((await vendors(made.secret)).status).toBe(200);
    });

    it('and with 403 as long as their tenant is suspended', async () => {
      const own = await world.tenant();
      const made = await makeKey(own.admin, ['vendors:read:any']);
      await (await world.operator()).post(`/v1/tenants/${own.id}/suspend`);
      expectProblem(await vendors(made.secret), 403, 'tenant_suspended');
    });
  });
});
