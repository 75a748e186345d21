import { setTimeout as sleep } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';
import { addAda, uniqueEmail } from '../support/auth.js';
import { send } from '../support/client.js';
import { besideShared } from '../support/database.js';
import { parsed } from '../support/mail.js';
import { startServer, type RunningServer } from '../support/server.js';
import { world } from '../support/world.js';

interface Received {
  from: string;
  to: string[];
  raw: string;
}

const PATIENCE_MS = 20_000;

describe('mail by SMTP', () => {
  const received: Received[] = [];
  /** How many mails to put off before one is taken. */
  let refusals = 0;
  let smtp: SMTPServer;
  let server: RunningServer;

  beforeAll(async () => {
    smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData(stream, session, done) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.once('end', () => {
          if (refusals-- > 0) return done(Object.assign(new Error('try later'), { responseCode: 451 }));
          const { mailFrom, rcptTo } = session.envelope;
          const from = mailFrom === false ? '' : mailFrom.address;
          received.push({
            from,
            to: rcptTo.map(({ address }) => address),
            raw: Buffer.concat(chunks).toString(),
          });
          done();
        });
      },
    });
    await new Promise<void>((listening) => smtp.listen(0, '127.0.0.1', listening));
    const { port } = smtp.server.address() as { port: number };
    server = await startServer({
      ...(await besideShared()),
      SMTP_URL: `smtp://127.0.0.1:${port}`,
      MAIL_FROM: 'Acme <no-reply@acme.example>',
      PUBLIC_URL: 'https://acme.example',
    });
  });
  afterAll(async () => {
    await server.stop();
    await new Promise<void>((closed) => smtp.close(closed));
  });

  const forgot = (body: object, headers: Record<string, string> = {}) =>
    send('POST', `${server.url}/v1/auth/password/forgot`, { body, headers });
  const arrived = async (address: string): Promise<Received> => {
    for (const end = Date.now() + PATIENCE_MS; ; await sleep(50)) {
      const found = received.find(({ to }) => to.includes(address));
      if (found) return found;
      if (Date.now() > end) throw new Error(`no mail came to ${address}: ${server.output()}`);
    }
  };

  it('comes from the configured sender, with links on the configured origin, whatever a request says', async () => {
    const tenant = await world.tenant();
    const email = uniqueEmail();
    await addAda(tenant, { email });
    const spoofed = { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http' };
    expect((await forgot({ tenant: tenant.slug, email }, spoofed)).status).toBe(202);
    const { from, to, raw } = await arrived(email);
    expect([from, to]).toEqual(['no-reply@acme.example', [email]]);
    expect(raw).toMatch(/^From: Acme <no-reply@acme\.example>\r$/m);
    expect(raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    const text = raw.replaceAll('=\r\n', '').replaceAll('=3D', '=');
    expect(text).toContain('https://acme.example/docs#reset=pr_');
    expect(text).not.toContain('evil.example');
  });

  it('is tried again when the mail server puts it off, and the log names neither address nor token', async () => {
    const tenant = await world.tenant();
    const email = uniqueEmail();
    await addAda(tenant, { email });
    refusals = 1;
    expect((await forgot({ tenant: tenant.slug, email })).status).toBe(202);
    const { raw } = await arrived(email);
    const token = parsed(raw.replaceAll('=\r\n', '').replaceAll('=3D', '=')).token!;
    expect(server.output()).toContain('A mail was not sent (try 1)');
    expect(server.output()).not.toContain(email);
    expect(server.output()).not.toContain(token);
  });

  it('lets no name begin a header or another recipient', async () => {
    const name = 'A\u200bda, "x" <b@evil.example>; Bcc: c@evil.example';
    const tenant = await world.tenant();
    const email = uniqueEmail();
    await (await world.operator()).patch(`/v1/tenants/${tenant.id}`, { name: 'Acme Bcc: d@evil.example' });
    const admin = { tenant: tenant.slug, ...(await addAda(tenant)) };
    const signedIn = await send('POST', `${server.url}/v1/auth/login`, {
      body: { tenant: admin.tenant, email: admin.email, password: admin.password },
    });
    const { accessToken: token } = signedIn.body as { accessToken: string };
    const made = await send('POST', `${server.url}/v1/users`, {
      token,
      body: { email, name, roles: ['viewer'] },
    });
    expect(made.status).toBe(201);
    const { to, raw } = await arrived(email);
    expect(to).toEqual([email]);
    expect(raw.split('\r\n\r\n')[0]).not.toMatch(/^(bcc|cc):/im);
  });
});

describe('without mail', () => {
  it('recovery says so, and invitations are not promised', async () => {
    const server = await startServer({ ...(await besideShared()), SMTP_URL: 'none' });
    try {
      const answer = await send('POST', `${server.url}/v1/auth/password/forgot`, {
        body: { email: 'a@b.example' },
      });
      expect(answer).toMatchObject({ status: 409, body: { code: 'mail_disabled' } });
    } finally {
      await server.stop();
    }
  });
});
