import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { sendSigned, signedHeaders, type Signer } from '../../docs/examples/signed-request.js';
import { makeKey } from '../support/api-keys.js';
import { send, serverUrl, type Resource } from '../support/client.js';
import { besideShared } from '../support/database.js';
import { expectProblem } from '../support/problem.js';
import { startServer, type RunningServer } from '../support/server.js';
import {
  callOf,
  make,
  NEEDED,
  now,
  parametersAt,
  RIGHTS,
  signedOver,
  signerOf,
  type Call,
} from '../support/signing.js';
import { unique, world, type TenantWorld } from '../support/world.js';

describe('signed requests', () => {
  let tenant: TenantWorld;
  let vendor: Resource;
  let second: RunningServer;
  let signer: Signer & { apiKeyId: string };

  beforeAll(async () => {
    tenant = await world.tenant();
    vendor = await tenant.vendor();
    second = await startServer({
      ...(await besideShared()),
      PUBLIC_URL: 'https://api.ringfence.test',
    });
    signer = await signerOf(tenant.admin);
  }, 120_000);
  afterAll(() => second.stop());

  const agent = () => ({ vendorId: vendor.id, name: unique('Signed'), kind: 'software' });

  it('are taken, with and without a body, and each is told from the next', async () => {
    expect((await sendSigned(signer, 'GET', '/v1/vendors?limit=5')).status).toBe(200);
    for (let round = 0; round < 2; round++)
      expect((await sendSigned(signer, 'POST', '/v1/agents', agent())).status).toBe(201);
    expect((await tenant.admin.get(`/v1/api-keys/${signer.apiKeyId}`)).body).toMatchObject({
      requireSignature: true,
    });
  });

  it('are all that is taken with a key that requires signatures', async () => {
    const answer = await send('GET', '/v1/vendors', { token: signer.apiKey });
    expectProblem(answer, 401, 'invalid_signature');
  });

  const alter = (change: (call: Call) => Partial<Call>) => change;
  const withHeader = (name: string, change: (value: string) => string) =>
    alter(({ headers }) => ({ headers: { ...headers, [name]: change(headers[name]!) } }));
  const ALTERATIONS: Record<string, (call: Call) => Partial<Call>> = {
    body: alter(({ body }) => ({ body: body!.replace('Signed', 'Altered') })),
    'body and digest': alter(({ body, headers }) => {
      const other = body!.replace('Signed', 'Altered');
      const digest = createHash('sha256').update(other).digest('base64');
      return { body: other, headers: { ...headers, 'content-digest': `sha-256=:${digest}:` } };
    }),
    path: alter(() => ({ target: '/v1/vendors?q=a' })),
    query: alter(({ target }) => ({ target: `${target}b` })),
    nonce: withHeader('signature-input', (value) => value.replace(/nonce="./, 'nonce="_')),
    time: withHeader('signature-input', (value) =>
      value.replace(/created=(\d+)/, (_, at) => `created=${Number(at) + 1}`),
    ),
    key: withHeader('signature-input', (value) => value.replace(/keyid="[^"]+"/, `keyid="${randomUUID()}"`)),
    'what is covered': withHeader('signature-input', (value) => value.replace('"@method" ', '')),
    signature: withHeader('signature', (value) => value.replace(/:.{4}/, ':AAAA')),
    'digest left out': alter(({ headers }) => ({
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-digest')),
    })),
  };

  it.each(Object.keys(ALTERATIONS))('are refused when this is altered: %s', async (what) => {
    const call = callOf(signer, 'POST', '/v1/agents?q=a', agent());
    const before = await tenant.admin.get('/v1/agents?limit=100');
    expectProblem(await make({ ...call, ...ALTERATIONS[what]!(call) }), 401, 'invalid_signature');
    expect((await tenant.admin.get('/v1/agents?limit=100')).text).toBe(before.text);
  });

  it('are refused with another method', async () => {
    const { id } = await tenant.agent(vendor);
    const call = callOf(signer, 'PATCH', `/v1/agents/${id}`, { name: 'Signed' });
    expectProblem(await make({ ...call, method: 'DELETE' }), 401, 'invalid_signature');
  });

  it('may cover more: a header that is altered then is refused', async () => {
    const call = signedOver(signer, [...NEEDED, 'x-order', 'authorization'], parametersAt(signer, now()), {
      'x-order': 'one',
    });
    expect((await make(call)).status).toBe(200);
    const again = signedOver(signer, [...NEEDED, 'x-order'], parametersAt(signer, now()), {
      'x-order': 'one',
    });
    expectProblem(await make({ ...again, headers: { ...again.headers, 'x-order': 'two' } }), 401);
  });

  it.each([
    ['too old', () => signedOver(signer, NEEDED, parametersAt(signer, now() - 310))],
    ['of the future', () => signedOver(signer, NEEDED, parametersAt(signer, now() + 310))],
    ['expired', () => signedOver(signer, NEEDED, parametersAt(signer, now() - 10, `;expires=${now() - 5}`))],
    ['without a time', () => signedOver(signer, NEEDED, `;nonce="${randomUUID()}";keyid="${signer.keyId}"`)],
    ['without a nonce', () => signedOver(signer, NEEDED, `;created=${now()};keyid="${signer.keyId}"`)],
    [
      'of another algorithm',
      () => signedOver(signer, NEEDED, parametersAt(signer, now(), ';alg="hmac-sha256"')),
    ],
    ['not over the target', () => signedOver(signer, ['@method'], parametersAt(signer, now()))],
    [
      'over another host',
      () => signedOver(signer, NEEDED, parametersAt(signer, now()), { '@target-uri': 'http://x/v1/vendors' }),
    ],
  ])('are refused when they are %s', async (_, call) => {
    expectProblem(await make(call()), 401, 'invalid_signature');
  });

  it('are good a little before and after now', async () => {
    for (const at of [now() - 240, now() + 240])
      expect((await make(signedOver(signer, NEEDED, parametersAt(signer, at)))).status).toBe(200);
  });

  it('count once: the same again is refused, on another node too, and so are ten at once', async () => {
    const call = callOf(signer, 'POST', '/v1/agents', agent());
    expect((await make(call)).status).toBe(201);
    expectProblem(await make(call), 401, 'invalid_signature');
    const plain = await startServer(await besideShared());
    try {
      const host = new URL(serverUrl()).host;
      // The second node is reached under the name of the first, as behind one proxy.
      const at = await promisify(execFile)('curl', [
        ...['-s', '-o', '/dev/null', '-w', '%{http_code}', '-X', call.method, '--data-binary', call.body!],
        ...Object.entries({ ...call.headers, host, 'content-type': 'application/json' }).flatMap(
          ([name, value]) => ['-H', `${name}: ${value}`],
        ),
        plain.url + call.target,
      ]);
      expect(at.stdout).toBe('401');
      const fresh = signedOver(signer, NEEDED, parametersAt(signer, now()));
      const status = async (): Promise<string> =>
        (
          await promisify(execFile)('curl', [
            ...['-s', '-o', '/dev/null', '-w', '%{http_code}'],
            ...Object.entries({ ...fresh.headers, host }).flatMap(([name, value]) => [
              '-H',
              `${name}: ${value}`,
            ]),
            plain.url + fresh.target,
          ])
        ).stdout;
      expect([await status(), String((await make(fresh)).status)]).toEqual(['200', '401']);
    } finally {
      await plain.stop();
    }
    const race = signedOver(signer, NEEDED, parametersAt(signer, now()));
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await make(race)).status));
    expect(statuses.toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 401)]);
  });

  it('are made over the address that the public knows, where one is configured', async () => {
    const call = signedOver(signer, NEEDED, parametersAt(signer, now()), {
      '@target-uri': 'https://api.ringfence.test/v1/vendors',
    });
    expect((await make(call, second.url)).status).toBe(200);
    expectProblem(
      await make(signedOver(signer, NEEDED, parametersAt(signer, now())), second.url),
      401,
      'invalid_signature',
    );
  });

  it('can be uploads, whose octets are held against the digest', async () => {
    const boundary = 'the-boundary';
    const body = [
      `--${boundary}`,
      'Content-Disposition: form-data; name="file"; filename="a.txt"',
      'Content-Type: text/plain',
      '',
      'some signed text',
      `--${boundary}--`,
      '',
    ].join('\r\n');
    const target = `/v1/vendors/${vendor.id}/files`;
    const upload = () => {
      const headers = signedHeaders(signer, 'POST', target, body);
      return { ...headers, 'content-type': `multipart/form-data; boundary=${boundary}` };
    };
    const call = { method: 'POST', target, body };
    expect((await make({ ...call, headers: upload() })).status).toBe(201);
    const altered = { ...call, body: body.replace('some', 'same'), headers: upload() };
    expectProblem(await make(altered), 401, 'invalid_signature');
    const longer = { ...call, body: `${body}more`, headers: upload() };
    expectProblem(await make(longer), 401, 'invalid_signature');
    const { data } = (await tenant.admin.get(target)).body as { data: Resource[] };
    expect(data).toHaveLength(1);
  });

  it('are looked at where a key does not require them, too', async () => {
    const free = await makeKey(tenant.admin, RIGHTS);
    const call = callOf(signer, 'GET', '/v1/vendors');
    const headers = { ...call.headers, authorization: `Bearer ${free.secret}` };
    expect((await make({ ...call, headers })).status).toBe(200);
    expectProblem(await make({ ...call, headers }), 401, 'invalid_signature');
  });
});
