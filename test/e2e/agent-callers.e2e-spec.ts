import { setTimeout as sleep } from 'node:timers/promises';
import { addCredential, callerOf, makeAgent, tokenOf, type MadeCredential } from '../support/agents.js';
import { makeKey } from '../support/api-keys.js';
import { entriesOf } from '../support/audit.js';
import { send, type Client, type Resource } from '../support/client.js';
import { asOwner, besideShared } from '../support/database.js';
import { expectProblem } from '../support/problem.js';
import { startServer, type RunningServer } from '../support/server.js';
import { world, type TenantWorld } from '../support/world.js';

const RIGHTS = ['vendors:read:own', 'agents:read:own', 'agents:create:own', 'files:read:own'];
const PROMISED_MS = 1000;

describe('software agents as callers', () => {
  let tenant: TenantWorld;
  let vendor: Resource;
  let vendorUser: Client;
  beforeAll(async () => {
    tenant = await world.tenant();
    vendor = await tenant.vendor();
    vendorUser = await tenant.vendorUser(vendor);
  });

  it('say who they are', async () => {
    const { agent, ...made } = await makeAgent(vendorUser, vendor.id, RIGHTS);
    const { body } = await send('GET', '/v1/me', { token: await tokenOf(made) });
    expect(body).toEqual({
      id: agent.id,
      kind: 'agent',
      name: agent.name,
      tenant: { id: tenant.id, slug: tenant.slug },
      vendorId: vendor.id,
      roles: [],
      permissions: [...RIGHTS].sort(),
      exceptFields: [],
      actor: null,
    });
  });

  it('reach what is of their vendor, and nothing of another', async () => {
    const agent = await callerOf(await makeAgent(vendorUser, vendor.id, RIGHTS));
    const second = await tenant.vendor();
    const others = await tenant.agent(second);
    const file = (await tenant.admin.upload(`/v1/agents/${others.id}`, 'a.txt', 'text')).body as Resource;
    for (const path of [
      `agents/${others.id}`,
      `vendors/${second.id}`,
      `files/${file.id}`,
      `agents/${others.id}/files`,
    ])
      expectProblem(await agent.get(`/v1/${path}`), 404, 'not_found');
    const { data } = (await agent.get('/v1/agents?limit=100')).body as { data: Resource[] };
    expect(new Set(data.map(({ vendorId }) => vendorId))).toEqual(new Set([vendor.id]));
    const body = { vendorId: second.id, name: 'Elsewhere', kind: 'software' };
    expectProblem(await agent.post('/v1/agents', body), 422);
  });

  it('make no keys, credentials or users, and change nobody’s account', async () => {
    const made = await makeAgent(vendorUser, vendor.id, RIGHTS);
    const agent = await callerOf(made);
    const routes = ['api-keys', 'signing-keys', 'agent-credentials', 'users', 'roles'];
    for (const route of routes) expectProblem(await agent.post(`/v1/${route}`, {}), 403, 'forbidden');
    expectProblem(await agent.delete(`/v1/agent-credentials/${made.credentialId}`), 403, 'forbidden');
    for (const path of ['auth/logout', 'auth/step-up', 'auth/email'])
      expectProblem(await agent.post(`/v1/${path}`, {}), 403, 'people_only');
    expectProblem(await agent.get('/v1/auth/sessions'), 403, 'people_only');
    const asked = { agentId: made.agent.id, name: 'More', publicKey: made.credential.publicKey };
    for (const permission of ['api_keys:create:own', 'agent_credentials:create:own', 'vendors:read:any']) {
      const refusal = await vendorUser.post('/v1/agent-credentials', { ...asked, permissions: [permission] });
      expectProblem(refusal, 422, 'validation_failed');
    }
  });

  it('hold what their vendor holds at that moment, whatever was written for them once', async () => {
    const made = await makeAgent(vendorUser, vendor.id, RIGHTS);
    await asOwner(
      `UPDATE {schema}.agent_credential SET permissions = permissions || '{vendors:read:any,users:create:any,api_keys:create:own}' WHERE id = $1`,
      [made.credentialId],
      tenant.id,
    );
    expect((await callerOf(made)).me.permissions).toEqual([...RIGHTS].sort());
  });

  it('are named in the log with their vendor and credential, for what they did and what they were refused', async () => {
    const made = await makeAgent(vendorUser, vendor.id, RIGHTS);
    const agent = await callerOf(made);
    const { id } = await agent.create('/v1/agents', { name: 'Made', kind: 'human' });
    await agent.get('/v1/users');
    const entries = (await entriesOf(tenant.admin)).filter(({ actor }) => actor.id === made.agent.id);
    expect(entries.map(({ action }) => action)).toEqual([
      'authz_fail',
      'sensitive_create',
      'authn_login_success',
    ]);
    expect(entries[1]).toMatchObject({ target: { type: 'agent', id } });
    const named = { actorVendorId: vendor.id, actorCredentialId: made.credentialId };
    for (const { actor, detail } of entries)
      expect({ actor, detail }).toMatchObject({ actor: { kind: 'agent' }, detail: named });
    const key = await makeKey(vendorUser, RIGHTS);
    await send('GET', '/v1/users', { token: key.secret });
    const [ofKey] = (await entriesOf(tenant.admin)).filter(({ actor }) => actor.id === key.id);
    expect(ofKey!.detail).toMatchObject({ actorVendorId: vendor.id });
  });

  describe('on two nodes', () => {
    let second: RunningServer;
    beforeAll(async () => {
      second = await startServer(await besideShared());
    }, 120_000);
    afterAll(() => second.stop());

    const at = (url: string, token: string) => send('GET', `${url}/v1/vendors`, { token });

    /** Both nodes know the agent; then it is out on this one at once, and on the other one within a second. */
    async function expectEnd(
      tokens: readonly string[],
      change: () => Promise<unknown>,
      code: string,
    ): Promise<void> {
      for (const token of tokens)
        for (const url of ['', second.url, '', second.url]) expect((await at(url, token)).status).toBe(200);
      await change();
      const since = performance.now();
      for (const token of tokens) expectProblem(await at('', token), undefined, code);
      for (const token of tokens)
        for (let askedAt = 0; askedAt < 10 * PROMISED_MS; await sleep(20)) {
          askedAt = performance.now() - since;
          const { status, body } = await at(second.url, token);
          if (status >= 400 && (body as { code: string }).code === code) break;
          expect(askedAt).toBeLessThan(PROMISED_MS);
        }
    }
    const fresh = async (): Promise<{ made: MadeCredential; token: string; owner: Resource }> => {
      const owner = await tenant.vendor();
      const made = await makeAgent(tenant.admin, owner.id, RIGHTS);
      return { made, token: await tokenOf(made), owner };
    };
    const free = { 'if-match': '*' };

    it.each<[string, (on: { made: MadeCredential; owner: Resource }) => Promise<unknown>]>([
      [
        'the agent is suspended',
        ({ made }) => tenant.admin.patch(`/v1/agents/${made.agent.id}`, { status: 'suspended' }),
      ],
      ['the agent is removed', ({ made }) => tenant.admin.delete(`/v1/agents/${made.agent.id}`, free)],
      [
        'the agent is no software any more',
        ({ made }) => tenant.admin.patch(`/v1/agents/${made.agent.id}`, { kind: 'human' }),
      ],
      [
        'its vendor is suspended',
        ({ owner }) => tenant.admin.patch(`/v1/vendors/${owner.id}`, { status: 'suspended' }),
      ],
      ['its vendor is removed', ({ owner }) => tenant.admin.delete(`/v1/vendors/${owner.id}`, free)],
      [
        'its credential is revoked',
        ({ made }) => tenant.admin.delete(`/v1/agent-credentials/${made.credentialId}`, free),
      ],
    ])('end when %s', async (_, change) => {
      const on = await fresh();
      await expectEnd([on.token], () => change(on), 'unauthenticated');
      await expect(tokenOf(on.made)).rejects.toThrow('invalid_client');
    });

    it('come back with their vendor, by the tokens that they have', async () => {
      const { token, owner } = await fresh();
      await tenant.admin.patch(`/v1/vendors/${owner.id}`, { status: 'suspended' });
      expect((await at('', token)).status).toBe(401);
      await tenant.admin.patch(`/v1/vendors/${owner.id}`, { status: 'active' });
      expect((await at('', token)).status).toBe(200);
    });

    it('end with their time, though remembered', async () => {
      const { made, token } = await fresh();
      const validUntil = new Date(Date.now() + 1500);
      await tenant.admin.patch(`/v1/agents/${made.agent.id}`, { validUntil: validUntil.toISOString() });
      while (Date.now() < validUntil.getTime() - 500)
        for (const url of ['', second.url]) expect((await at(url, token)).status).toBe(200);
      await sleep(validUntil.getTime() - Date.now() + 50);
      for (const url of ['', second.url]) expectProblem(await at(url, token), 401, 'unauthenticated');
    });

    it('end with the tenant’s suspension, and get no token until it is over', async () => {
      const apart = await world.tenant();
      const made = await makeAgent(apart.admin, (await apart.vendor()).id, RIGHTS);
      const token = await tokenOf(made);
      const operator = await world.operator();
      await expectEnd([token], () => operator.post(`/v1/tenants/${apart.id}/suspend`), 'tenant_suspended');
      await expect(tokenOf(made)).rejects.toThrow('tenant_suspended');
      await operator.post(`/v1/tenants/${apart.id}/resume`);
      expect((await at('', await tokenOf(made))).status).toBe(200);
    });

    it('change over from one credential to the next: both are good, then the new one alone', async () => {
      const { made, token } = await fresh();
      const next = await addCredential(tenant.admin, made.agent, RIGHTS);
      const tokens = [token, await tokenOf(next), await tokenOf(made)];
      for (const one of tokens)
        for (const url of ['', second.url]) expect((await at(url, one)).status).toBe(200);
      const revoke = () => tenant.admin.delete(`/v1/agent-credentials/${made.credentialId}`, free);
      await expectEnd([tokens[0]!, tokens[2]!], revoke, 'unauthenticated');
      for (const url of ['', second.url]) expect((await at(url, tokens[1]!)).status).toBe(200);
    });
  });
});
