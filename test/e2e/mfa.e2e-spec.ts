import { addAda, login, me, refresh } from '../support/auth.js';
import { Client, send } from '../support/client.js';
import { asOwner, besideShared } from '../support/database.js';
import { expectProblem } from '../support/problem.js';
import {
  appOwner,
  codeOf,
  enrolTotp,
  finish,
  isSession,
  pend,
  wrongCodeOf,
} from '../support/second-factors.js';
import { startServer } from '../support/server.js';
import { world, type TenantWorld } from '../support/world.js';

let acme: TenantWorld;
beforeAll(async () => {
  acme = await world.tenant();
});

describe('an authenticator app', () => {
  it('is offered as base32, address and QR code, and counts only once a right code was shown', async () => {
    const ada = await addAda(acme);
    const client = await Client.signIn(ada);
    const offer = (await client.post('/v1/auth/mfa/totp')).body as Record<string, string>;
    expect(offer.secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(offer.uri).toContain(`secret=${offer.secret}`);
    expect(offer.qrSvg).toMatch(/^<svg /);
    const wrong = await client.post('/v1/auth/mfa/totp/confirm', { code: wrongCodeOf(offer.secret!) });
    expectProblem(wrong, 422, 'validation_failed');
    expect((await login(ada)).body).toHaveProperty('accessToken');
    const right = await client.post('/v1/auth/mfa/totp/confirm', { code: codeOf(offer.secret!) });
    expect(new Set((right.body as { recoveryCodes: string[] }).recoveryCodes).size).toBe(10);
    expect(await pend(ada)).toEqual({
      mfaRequired: true,
      mfaToken: expect.stringMatching(/^mfa_/) as unknown,
      methods: ['totp', 'recovery_code'],
      expiresIn: 300,
      enrolmentRequired: false,
    });
    const again = await client.post('/v1/auth/mfa/totp/confirm', { code: codeOf(offer.secret!) });
    expectProblem(again, 422, 'validation_failed');
    expectProblem(await client.post('/v1/auth/mfa/totp'), 409, 'conflict');
    expect((await client.get('/v1/auth/mfa')).body).toMatchObject({ passkeys: 0, recoveryCodesLeft: 10 });
    const [row] = await asOwner<{ seed: string }>('SELECT seed FROM {schema}.totp', [], acme.id);
    expect(row!.seed).not.toContain(offer.secret);
  });

  it('ends the sessions that were begun without it', async () => {
    const { credentials, client, secret, tenant } = await appOwner();
    expect((await client.delete('/v1/auth/mfa/totp')).status).toBe(204);
    const older = await Client.signIn(credentials);
    await enrolTotp(client, tenant.id);
    expect([(await older.get('/v1/me')).status, (await refresh(older.refreshToken)).status]).toEqual([
      401, 401,
    ]);
    expect((await client.get('/v1/me')).status).toBe(200);
    const { mfaToken } = await pend(credentials);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret) })).status).toBe(401);
  });

  it('finishes a sign-in, and its session says with what', async () => {
    const { credentials, secret, tenant } = await appOwner();
    const { mfaToken } = await pend(credentials);
    const answer = await finish({ mfaToken, method: 'totp', code: codeOf(secret) });
    expect(isSession(answer)).toBe(true);
    const { accessToken } = answer.body as { accessToken: string };
    expect((await me(accessToken)).body).toMatchObject({ id: credentials.id });
    const sessions = 'SELECT methods FROM {schema}.session WHERE account_id = $1 ORDER BY id DESC LIMIT 1';
    expect(await asOwner(sessions, [credentials.id], tenant.id)).toEqual([
      { methods: ['pwd', 'otp', 'mfa'] },
    ]);
  });

  it('has each code once: not a second time, not an older one, and not after a restart', async () => {
    const { credentials, secret } = await appOwner();
    const use = async (code: string, url = ''): Promise<number> => {
      const { mfaToken } = await pend(credentials, { url });
      const body = { mfaToken, method: 'totp', code };
      return (await send('POST', `${url}/v1/auth/mfa`, { body })).status;
    };
    const [older, code] = [codeOf(secret, -1), codeOf(secret)];
    expect(await use(code)).toBe(200);
    expect([await use(code), await use(older)]).toEqual([401, 401]);
    const another = await startServer(await besideShared());
    try {
      expect(await use(code, another.url)).toBe(401);
    } finally {
      await another.stop();
    }
  }, 60_000);

  it('lets one of 20 sign-ins at once in with one code', async () => {
    const { credentials, secret } = await appOwner();
    // Each its own token, so that the code alone decides.
    const pendings = await Promise.all(Array.from({ length: 20 }, () => pend(credentials)));
    const code = codeOf(secret);
    const answers = await Promise.all(
      pendings.map(({ mfaToken }) => finish({ mfaToken, method: 'totp', code })),
    );
    expect(answers.filter(isSession).length).toBe(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 401]));
  });
});

describe('a recovery code', () => {
  it('stands in for the app once, however it is typed', async () => {
    const { credentials, client, recoveryCodes } = await appOwner();
    const use = async (code: string): Promise<number> => {
      const { mfaToken } = await pend(credentials);
      return (await finish({ mfaToken, method: 'recovery_code', code })).status;
    };
    const [first, second] = recoveryCodes as [string, string];
    expect(await use(first.toUpperCase().replaceAll('-', ' '))).toBe(200);
    expect([await use(first), await use(second), await use(second)]).toEqual([401, 200, 401]);
    expect((await client.get('/v1/auth/mfa')).body).toMatchObject({ recoveryCodesLeft: 8 });
  });

  it('lets one of 20 sign-ins at once in', async () => {
    const { credentials, recoveryCodes } = await appOwner();
    const pendings = await Promise.all(Array.from({ length: 20 }, () => pend(credentials)));
    const answers = await Promise.all(
      pendings.map(({ mfaToken }) => finish({ mfaToken, method: 'recovery_code', code: recoveryCodes[0] })),
    );
    expect(answers.filter(isSession).length).toBe(1);
  });

  it('is void once new ones were made', async () => {
    const { credentials, client, recoveryCodes } = await appOwner();
    const made = (await client.post('/v1/auth/mfa/recovery-codes')).body as { recoveryCodes: string[] };
    expect(new Set([...made.recoveryCodes, ...recoveryCodes]).size).toBe(20);
    const use = async (code: string): Promise<number> => {
      const { mfaToken } = await pend(credentials);
      return (await finish({ mfaToken, method: 'recovery_code', code })).status;
    };
    expect([await use(recoveryCodes[0]!), await use(made.recoveryCodes[0]!)]).toEqual([401, 200]);
  });
});
