import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SignJWT, decodeJwt } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { clientAssertion } from '../../docs/examples/agent-token.js';
import {
  ISSUER,
  addCredential,
  jwkOf,
  makeAgent,
  present,
  tokenOf,
  type MadeCredential,
} from '../support/agents.js';
import { inDays } from '../support/api-keys.js';
import { entriesOf } from '../support/audit.js';
import { send, type Answer, type Resource } from '../support/client.js';
import { besideShared } from '../support/database.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import { startServer } from '../support/server.js';
import { world, type TenantWorld } from '../support/world.js';

const RIGHTS = ['agents:read:own'];
const now = (): number => Math.floor(Date.now() / 1000);

describe('tokens of software agents', () => {
  let tenant: TenantWorld;
  let vendor: Resource;
  let made: MadeCredential;
  beforeAll(async () => {
    tenant = await world.tenant();
    vendor = await tenant.vendor();
    made = await makeAgent(tenant.admin, vendor.id, RIGHTS);
  });

  /** An assertion as it must be, but for what is told. */
  function assertion(
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key: KeyObject | Uint8Array = made.privateKey,
  ): Promise<string> {
    const { clientId, credentialId } = made;
    const right = { iss: clientId, sub: clientId, aud: ISSUER, exp: now() + 60, jti: randomUUID() };
    return new SignJWT({ ...right, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: credentialId, ...header })
      .sign(key);
  }

  it('are for ten minutes at most, name agent, credential and tenant, and cannot be refreshed', async () => {
    const answer = await present(await assertion());
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { access_token: token, ...rest } = answer.body as { access_token: string };
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 600 });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ sub: made.agent.id, sid: made.credentialId, tid: tenant.id });
    expect(claims).toMatchObject({ client_id: made.clientId, iss: ISSUER, exp: claims.iat! + 600 });
    expect((await tenant.admin.get(`/v1/agent-credentials/${made.credentialId}`)).body).toMatchObject({
      lastUsedAt: expect.any(String) as string,
      lastUsedFrom: expect.any(String) as string,
    });
  });

  it('end with their credential', async () => {
    const more = { expiresAt: new Date(Date.now() + 30_000).toISOString() };
    const short = await addCredential(tenant.admin, made.agent, RIGHTS, more);
    const { body } = await present(clientAssertion(short));
    expect((body as { expires_in: number }).expires_in).toBeLessThanOrEqual(30);
  });

  it.each<[string, Record<string, unknown>]>([
    ['the type of RFC 7523bis', { typ: 'client-authentication+jwt' }],
    ['the type JWT', { typ: 'JWT' }],
    ['the name of the algorithm of RFC 9864', { alg: 'Ed25519' }],
  ])('are given for an assertion with %s', async (_, header) => {
    expect((await present(await assertion({}, header))).status).toBe(200);
  });

  it.each<[string, () => Record<string, unknown>]>([
    ['another subject', () => ({ sub: 'agent_' + '0'.repeat(44) })],
    ['no subject', () => ({ sub: undefined })],
    ['another audience', () => ({ aud: 'https://elsewhere.example' })],
    ['the address of the endpoint as audience', () => ({ aud: `${made.origin}/v1/auth/token` })],
    ['a second audience', () => ({ aud: [ISSUER, 'https://elsewhere.example'] })],
    ['no audience', () => ({ aud: undefined })],
    ['an end that has passed', () => ({ exp: now() - 60 })],
    ['an end more than five minutes away', () => ({ exp: now() + 330 })],
    ['no end', () => ({ exp: undefined })],
    ['a beginning that is yet to come', () => ({ nbf: now() + 120 })],
    ['no id', () => ({ jti: undefined })],
    ['an id that is too short', () => ({ jti: '1234567' })],
    ['an id that is no text', () => ({ jti: 12345678 })],
    ['an issuer that is no agent', () => ({ iss: 'agent' })],
    ['another agent as issuer', () => ({ iss: 'agent_' + '0'.repeat(44), sub: 'agent_' + '0'.repeat(44) })],
  ])('are not given for an assertion with %s', async (_, claims) => {
    expectProblem(await present(await assertion(claims())), 401, 'invalid_client');
  });

  it('are not given for signatures of others, other algorithms, types or credentials', async () => {
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const anothers = await makeAgent(tenant.admin, vendor.id, RIGHTS);
    const elsewhere = await world.tenant();
    const foreign = await makeAgent(elsewhere.admin, (await elsewhere.vendor()).id, RIGHTS);
    const publicKey = Buffer.from(jwkOf(made.privateKey).x!, 'base64url');
    const unsigned = [
      { alg: 'none', kid: made.credentialId },
      { iss: made.clientId, sub: made.clientId },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const ecdsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const right = await assertion();
    const wrong = [
      await assertion({}, {}, stranger),
      await assertion({}, { alg: 'HS256' }, publicKey),
      await assertion({}, { alg: 'ES256' }, ecdsa),
      await assertion({}, { typ: 'at+jwt' }),
      await assertion({}, { kid: uuidv7() }),
      await assertion({}, { kid: undefined }),
      await assertion({}, { kid: anothers.credentialId }),
      await assertion({}, { kid: anothers.credentialId }, anothers.privateKey),
      await assertion({}, { kid: foreign.credentialId }, foreign.privateKey),
      `${unsigned}.`,
      right.slice(0, -4) + 'AAAA',
      right.replace('.', '..'),
      'not an assertion',
      '',
    ];
    for (const one of wrong) expectProblem(await present(one), 401, 'invalid_client');
    expect((await present(right)).status).toBe(200);
  });

  it('are given once for an assertion, however it is written, and at whichever node it is shown', async () => {
    const second = await startServer(await besideShared());
    try {
      const here = await assertion();
      const at = (url: string, text: string): Promise<Answer> => presentAt(url, text);
      const statuses = await Promise.all([
        at('', here),
        at(second.url, here),
        at('', here),
        at(second.url, here),
      ]);
      expect(statuses.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
      const there = await assertion();
      expect((await at(second.url, there)).status).toBe(200);
      expectProblem(await at('', there), 401, 'invalid_client');
      const jti = randomUUID();
      expect((await present(await assertion({ jti }))).status).toBe(200);
      expectProblem(await present(await assertion({ jti, exp: now() + 90 })), 401, 'invalid_client');
    } finally {
      await second.stop();
    }
  }, 90_000);

  const presentAt = (url: string, text: string): Promise<Answer> =>
    send('POST', `${url}/v1/auth/token`, { body: formOf(text) });
  const formOf = (client_assertion: string, more: Record<string, string> = {}): URLSearchParams =>
    new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
      ...more,
    });

  it('are asked for by a form as RFC 6749 has it, and by nothing else', async () => {
    const ask = (body: unknown): Promise<Answer> => send('POST', '/v1/auth/token', { body });
    expectProblem(await ask(Object.fromEntries(formOf(await assertion()))), 415, 'unsupported_media_type');
    const password = await ask(formOf(await assertion(), { grant_type: 'password', username: 'x' }));
    expectProblem(password, 422, 'validation_failed');
    expect(pointersOf(password)).toEqual(expect.arrayContaining(['/grant_type', '/username']));
    const twice = formOf(await assertion());
    twice.append('client_assertion', await assertion());
    expect(pointersOf(await ask(twice))).toEqual(['/client_assertion']);
    const named = { client_id: made.clientId };
    expect((await ask(formOf(await assertion(), named))).status).toBe(200);
    const other = { client_id: (await makeAgent(tenant.admin, vendor.id, RIGHTS)).clientId };
    expectProblem(await ask(formOf(await assertion(), other)), 401, 'invalid_client');
    for (const path of ['/v1/auth/login', '/v1/auth/refresh'])
      expectProblem(await send('POST', path, { body: formOf('x') }), 415, 'unsupported_media_type');
  });

  it('are not given to agents that are pending, people, or past their time', async () => {
    const agent = await tenant.agent(vendor, { kind: 'software', status: 'pending' });
    const pending = await addCredential(tenant.admin, agent, RIGHTS);
    expectProblem(await present(clientAssertion(pending)), 401, 'invalid_client');
    await tenant.admin.patch(`/v1/agents/${agent.id}`, { status: 'active' });
    expect((await present(clientAssertion(pending))).status).toBe(200);
    await tenant.admin.patch(`/v1/agents/${agent.id}`, { validUntil: inDays(-1) });
    expectProblem(await present(clientAssertion(pending)), 401, 'invalid_client');
  });

  it('leave a trace, given or refused', async () => {
    const apart = await world.tenant();
    const robot = await makeAgent(apart.admin, (await apart.vendor()).id, RIGHTS);
    await tokenOf(robot);
    const forged = { ...robot, privateKey: generateKeyPairSync('ed25519').privateKey };
    expectProblem(await present(clientAssertion(forged)), 401, 'invalid_client');
    const [refused, given] = (await entriesOf(apart.admin))
      .filter(({ action }) => action.startsWith('authn_login_'))
      .slice(0, 2);
    expect(refused).toMatchObject({
      action: 'authn_login_fail',
      outcome: 'failure',
      actor: { kind: 'anonymous' },
    });
    expect(given).toMatchObject({
      action: 'authn_login_success',
      actor: { kind: 'agent', id: robot.agent.id },
    });
  });

  it('are got as the example with curl and openssl does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-'));
    const PRIVATE_KEY = join(folder, 'key.pem');
    writeFileSync(PRIVATE_KEY, made.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const { origin: ORIGIN, clientId: CLIENT_ID, credentialId: KID } = made;
    const env = { PATH: process.env.PATH, ORIGIN, ISSUER, CLIENT_ID, KID, PRIVATE_KEY };
    try {
      const { stdout } = await promisify(execFile)('docs/examples/agent-token.sh', [], { env });
      const { access_token: token } = JSON.parse(stdout) as { access_token: string };
      expect((await send('GET', '/v1/agents', { token })).status).toBe(200);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
