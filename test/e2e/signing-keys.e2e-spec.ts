import { execFile } from 'node:child_process';
import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Signer } from '../../docs/examples/signed-request.js';
import { serverUrl, type Resource } from '../support/client.js';
import { asOwner } from '../support/database.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import {
  addKey,
  make,
  NEEDED,
  now,
  parametersAt,
  privateKey,
  publicKey,
  signedOver,
  signerOf,
  spki,
} from '../support/signing.js';
import { unique, world, type TenantWorld } from '../support/world.js';

describe('signatures', () => {
  let tenant: TenantWorld;
  let vendor: Resource;
  let signer: Signer;

  beforeAll(async () => {
    tenant = await world.tenant();
    vendor = await tenant.vendor();
    signer = await signerOf(tenant.admin);
  });

  const agent = () => ({ vendorId: vendor.id, name: unique('Signed'), kind: 'software' });

  it('can be made with ECDSA and with a shared secret', async () => {
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ecdsa = await addKey(tenant.admin, {
      algorithm: 'ecdsa-p256-sha256',
      publicKey: spki(p256.publicKey),
    });
    const hmac = await addKey(tenant.admin, { algorithm: 'hmac-sha256' });
    const stored = await asOwner<{ sealed: string }>(
      'SELECT sealed_secret AS sealed FROM {schema}.request_signing_key WHERE id = $1',
      [hmac.id],
      tenant.id,
    );
    expect(stored[0]!.sealed).not.toContain(hmac.secret);
    expect((await tenant.admin.get(`/v1/signing-keys/${hmac.id}`)).text).not.toContain(hmac.secret);
    const signs: Record<string, (base: Buffer) => Buffer> = {
      [ecdsa.id]: (base) => sign('sha256', base, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' }),
      [hmac.id]: (base) => createHmac('sha256', Buffer.from(hmac.secret, 'base64')).update(base).digest(),
    };
    for (const [keyId, signs1] of Object.entries(signs)) {
      const parameters = `("@method" "@target-uri");created=${now()};nonce="${randomUUID()}";keyid="${keyId}"`;
      const base = `"@method": GET\n"@target-uri": ${serverUrl()}/v1/vendors\n"@signature-params": ${parameters}`;
      const headers = {
        authorization: `Bearer ${signer.apiKey}`,
        'signature-input': `sig1=${parameters}`,
        signature: `sig1=:${signs1(Buffer.from(base)).toString('base64')}:`,
      };
      expect((await make({ method: 'GET', target: '/v1/vendors', headers })).status).toBe(200);
      expectProblem(await make({ method: 'GET', target: '/v1/vendors', headers }), 401, 'invalid_signature');
    }
  });

  it('need a key of the owner of the API key, as long as it is there', async () => {
    const vendorUser = await tenant.vendorUser(vendor);
    const others = await addKey(vendorUser, { algorithm: 'ed25519', publicKey: spki(publicKey) });
    const foreign = signedOver(signer, NEEDED, parametersAt(signer, now()).replace(signer.keyId, others.id));
    expectProblem(await make(foreign), 401, 'invalid_signature');
    const own = await addKey(tenant.admin, { algorithm: 'ed25519', publicKey: spki(publicKey) });
    const call = () =>
      make(signedOver(signer, NEEDED, parametersAt(signer, now()).replace(signer.keyId, own.id)));
    expect((await call()).status).toBe(200);
    expect((await tenant.admin.delete(`/v1/signing-keys/${own.id}`)).status).toBe(204);
    expectProblem(await call(), 401, 'invalid_signature');
  });

  it('are as the example with curl and openssl makes them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signed-'));
    const PRIVATE_KEY = join(folder, 'key.pem');
    writeFileSync(PRIVATE_KEY, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const env = {
      PATH: process.env.PATH,
      ORIGIN: serverUrl(),
      API_KEY: signer.apiKey,
      KEY_ID: signer.keyId,
      PRIVATE_KEY,
    };
    const run = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await promisify(execFile)('docs/examples/signed-request.sh', args, { env })).stdout);
    try {
      const body = agent();
      expect(await run('POST', '/v1/agents', JSON.stringify(body))).toMatchObject({ name: body.name });
      expect(await run('GET', '/v1/agents?limit=1')).toMatchObject({ page: { limit: 1 } });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['no public key', { algorithm: 'ed25519' }, '/publicKey'],
    [
      'a key of another algorithm',
      { algorithm: 'ecdsa-p256-sha256', publicKey: spki(publicKey) },
      '/publicKey',
    ],
    ['any text', { algorithm: 'ed25519', publicKey: 'key' }, '/publicKey'],
    [
      'a public key for a shared secret',
      { algorithm: 'hmac-sha256', publicKey: spki(publicKey) },
      '/publicKey',
    ],
    ['an unknown algorithm', { algorithm: 'rsa-pss-sha512' }, '/algorithm'],
    ['an unknown vendor', { algorithm: 'hmac-sha256', vendorId: randomUUID() }, '/vendorId'],
  ])('have no key made of %s', async (_, more, pointer) => {
    const answer = await tenant.admin.post('/v1/signing-keys', { name: 'Key', ...more });
    expectProblem(answer, 422, 'validation_failed');
    expect(pointersOf(answer)).toEqual([pointer]);
  });
});
