import { generateKeyPairSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { jwkOf } from '../support/agents.js';
import { inDays } from '../support/api-keys.js';
import type { Client, Resource } from '../support/client.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import { world, type TenantWorld } from '../support/world.js';

const RIGHTS = ['agents:read:own'];

describe('a credential of a software agent', () => {
  let tenant: TenantWorld;
  let vendor: Resource;
  let robot: Resource;
  let vendorUser: Client;
  beforeAll(async () => {
    tenant = await world.tenant();
    vendor = await tenant.vendor();
    robot = await tenant.agent(vendor, { kind: 'software' });
    vendorUser = await tenant.vendorUser(vendor);
  });
  const asked = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
    ...{ agentId: robot.id, name: 'Key', permissions: RIGHTS },
    ...{ publicKey: jwkOf(generateKeyPairSync('ed25519').publicKey), ...more },
  });

  it.each<[string, () => Record<string, unknown>, string]>([
    ['an agent that does not exist', () => ({ agentId: uuidv7() }), '/agentId'],
    [
      'a key of another kind',
      () => ({ publicKey: { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43) } }),
      '/publicKey/kty',
    ],
    [
      'a second spelling of a key',
      () => ({ publicKey: { kty: 'OKP', crv: 'Ed25519', x: `${'A'.repeat(42)}B` } }),
      '/publicKey/x',
    ],
    ['no key', () => ({ publicKey: undefined }), '/publicKey'],
    ['more than a vendor holds', () => ({ permissions: ['vendors:create:any'] }), '/permissions/0'],
    ['an end more than a year away', () => ({ expiresAt: inDays(366) }), '/expiresAt'],
  ])('is not made for %s', async (_, more, pointer) => {
    const answer = await vendorUser.post('/v1/agent-credentials', asked(more()));
    expectProblem(answer, 422, 'validation_failed');
    expect(pointersOf(answer)).toContain(pointer);
  });

  it('never takes a private key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const answer = await vendorUser.post(
      '/v1/agent-credentials',
      asked({ publicKey: privateKey.export({ format: 'jwk' }) }),
    );
    expect([answer.status, pointersOf(answer)]).toEqual([422, ['/publicKey/d']]);
  });

  it('is none of people, and none of another vendor’s agents for whoever has a vendor', async () => {
    const person = await tenant.agent(vendor, { kind: 'human' });
    const others = await tenant.agent(await tenant.vendor(), { kind: 'software' });
    for (const agent of [person, others]) {
      const answer = await vendorUser.post('/v1/agent-credentials', asked({ agentId: agent.id }));
      expect([answer.status, pointersOf(answer)]).toEqual([422, ['/agentId']]);
    }
    expect((await tenant.admin.post('/v1/agent-credentials', asked({ agentId: others.id }))).status).toBe(
      201,
    );
  });

  it('ends after 90 days unless it says otherwise, and is the only one of its key', async () => {
    const body = asked();
    const answer = await vendorUser.post('/v1/agent-credentials', body);
    expect(answer.status).toBe(201);
    const { expiresAt, vendorId } = answer.body as { expiresAt: string; vendorId: string };
    expect(vendorId).toBe(vendor.id);
    expect(Math.round((Date.parse(expiresAt) - Date.now()) / 86_400_000)).toBe(90);
    expectProblem(await vendorUser.post('/v1/agent-credentials', body), 409, 'conflict');
  });
});
