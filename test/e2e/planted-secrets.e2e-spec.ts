import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeKey } from '../support/api-keys.js';
import { Client, send, talkTo } from '../support/client.js';
import { codeOf } from '../support/second-factors.js';
import { startServer, type RunningServer } from '../support/server.js';
import { world } from '../support/world.js';

/** So rare that no chance puts it anywhere. */
const plant = (): string => randomBytes(9).toString('hex');

/** Names of the planted texts that the folder holds in the clear, in whatever file. */
async function foundIn(folder: string, planted: Readonly<Record<string, string>>): Promise<string[]> {
  const found = new Set<string>();
  const longest = Math.max(...Object.values(planted).map((text) => text.length));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    let tail = '';
    const chunks = createReadStream(join(entry.parentPath, entry.name), 'latin1');
    try {
      for await (const chunk of chunks) {
        const text = tail + (chunk as string);
        for (const [name, secret] of Object.entries(planted)) if (text.includes(secret)) found.add(name);
        tail = text.slice(-longest);
      }
    } catch (error) {
      // PostgreSQL removes files of its own while they are read.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return [...found].sort();
}

describe('what is secret', () => {
  let server: RunningServer;
  /** What lets somebody in: stored as hashes or sealed. */
  const credentials: Record<string, string> = {};
  /** What tells of people, and what was sent by mistake: no business of a log. */
  const told: Record<string, string> = {};
  const stored = `stored ${plant()}`;

  beforeAll(async () => {
    server = await startServer({ LOG_LEVEL: 'debug', SMTP_URL: 'none', BCRYPT_COST: '4' });
    talkTo(server);
    world.forgetOperator();
    await use();
  }, 60_000);
  afterAll(() => server.stop(), 30_000);

  async function use(): Promise<void> {
    const operator = await world.operator();
    const tenant = await world.tenant();
    const { admin } = tenant;
    const password = (credentials.password = `first passphrase ${plant()}`);
    const email = `${(told.email = plant())}@example.com`;
    await admin.create('/v1/users', {
      email,
      password,
      name: (told.name = plant()),
      roles: ['tenant_admin'],
    });
    const user = await Client.signIn({ tenant: tenant.slug, email, password });
    credentials.accessToken = user.token.split('.')[2]!;
    credentials.refreshToken = user.refreshToken;
    const newPassword = (credentials.newPassword = `second passphrase ${plant()}`);
    await user.put('/v1/auth/password', { currentPassword: password, newPassword });
    credentials.wrongPassword = `wrong passphrase ${plant()}`;
    const wrong = { tenant: tenant.slug, email, password: credentials.wrongPassword };
    await send('POST', '/v1/auth/login', { body: wrong });
    credentials.bearer = plant();
    await send('GET', '/v1/me', { token: credentials.bearer });

    const { body: offer } = await user.post('/v1/auth/mfa/totp');
    const { secret } = offer as { secret: string };
    credentials.totpSeed = secret;
    const { body: codes } = await user.post('/v1/auth/mfa/totp/confirm', { code: codeOf(secret) });
    [credentials.recoveryCode, credentials.otherRecoveryCode] = (codes as { recoveryCodes: string[] })
      .recoveryCodes as [string, string];
    const key = await makeKey(admin, ['vendors:read:any']);
    credentials.apiKey = key.secret.split('_').at(-1)!;
    const { body: signing } = await admin.post(
      '/v1/signing-keys',
      { name: 'Requests', algorithm: 'hmac-sha256' },
      { 'idempotency-key': plant() },
    );
    credentials.signingSecret = (signing as { secret: string }).secret;
    const invited = { email: `${(told.invitedEmail = plant())}@example.com`, name: 'New', roles: ['viewer'] };
    const made = await admin.create('/v1/users', invited);
    credentials.invitation = (made.invitation as { token: string }).token;

    told.contactEmail = plant();
    told.taxId = plant();
    told.tag = plant();
    const vendor = await tenant.vendor({
      name: stored,
      contactEmail: `${told.contactEmail}@example.com`,
      contactPhone: '+4930' + String(randomBytes(4).readUInt32BE()).padStart(10, '0'),
      taxId: told.taxId,
      tags: [told.tag],
    });
    told.contactPhone = vendor.contactPhone as string;
    await tenant.agent(vendor, { email: `${(told.agentEmail = plant())}@example.com` });
    await admin.upload(
      `/v1/vendors/${vendor.id}`,
      `${(told.fileName = plant())}.txt`,
      (told.content = plant()),
    );

    told.query = plant();
    await admin.get(`/v1/vendors?q=${told.query}`);
    told.unknownField = plant();
    await admin.post('/v1/vendors', { name: 1, [told.unknownField]: told.unknownField });
    told.malformed = plant();
    await send('POST', '/v1/vendors', {
      token: admin.token,
      body: `{"taxId": "${told.malformed}`,
      headers: { 'content-type': 'application/json' },
    });
    told.conflict = plant();
    const twice = { slug: tenant.slug, name: told.conflict, admin: { email, password } };
    expect((await operator.post('/v1/tenants', twice)).status).toBe(409);
  }

  it('is in no line of the log at `debug`', () => {
    const planted = { ...credentials, ...told };
    expect(Object.keys(planted).length).toBeGreaterThanOrEqual(20);
    expect(Object.values(planted).filter((text) => typeof text !== 'string' || text.length < 10)).toEqual([]);
    const log = server.output();
    expect(log).toContain('"level":20');
    expect(log).toContain('/v1/signing-keys');
    expect(Object.keys(planted).filter((name) => log.includes(planted[name]!))).toEqual([]);
  });

  it('is nowhere in the data folder, if it lets somebody in', async () => {
    const { dataDir } = server;
    // What is committed is in the write-ahead log at least; that a text in the clear is found shows that the search works.
    expect(await foundIn(dataDir, { stored })).toEqual(['stored']);
    expect(await foundIn(dataDir, credentials)).toEqual([]);
  }, 30_000);
});
