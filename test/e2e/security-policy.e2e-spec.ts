import { accept, addAda, inviteAda, login, PASSWORD, refresh, type Credentials } from '../support/auth.js';
import { Client, send } from '../support/client.js';
import { asOwner, besideShared } from '../support/database.js';
import { registerPasskey, SoftwareAuthenticator, type Options } from '../support/passkeys.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import { codeOf, enrolTotp, finish, pend, wrongCodeOf } from '../support/second-factors.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD, startServer } from '../support/server.js';
import { world, type TenantWorld } from '../support/world.js';

const POLICY = '/v1/security-policy';

async function requiring(
  mfaGraceDays = 0,
): Promise<{ tenant: TenantWorld; ada: Credentials & { id: string } }> {
  const tenant = await world.tenant();
  const ada = await addAda(tenant);
  const { status } = await tenant.admin.patch(POLICY, { mfa: 'required', mfaGraceDays });
  expect(status).toBe(200);
  return { tenant, ada };
}

describe('the security policy of a tenant', () => {
  it('is optional until its administrator says otherwise, and nobody else may', async () => {
    const tenant = await world.tenant();
    const standard = {
      mfa: 'optional',
      mfaGraceDays: 0,
      mfaRequiredSince: null,
      passwordMinLength: null,
      effectivePasswordMinLength: 15,
      version: 0,
    };
    expect((await tenant.admin.get(POLICY)).body).toEqual(standard);
    const viewer = await tenant.as('viewer');
    expectProblem(await viewer.patch(POLICY, { mfa: 'off' }), 403, 'forbidden');
    expectProblem(await (await world.operator()).get(POLICY), 403, 'forbidden');
    const changed = await tenant.admin.patch(POLICY, {
      mfa: 'required',
      mfaGraceDays: 7,
      passwordMinLength: 8,
    });
    expect(changed.body).toMatchObject({ mfa: 'required', mfaGraceDays: 7, effectivePasswordMinLength: 8 });
    const stale = await tenant.admin.patch(POLICY, { mfa: 'off' }, { 'if-match': '"0"' });
    expectProblem(stale, 412, 'precondition_failed');
    expect((await (await world.tenant()).admin.get(POLICY)).body).toEqual(standard);
  });

  it('allows short passwords only beside a required second factor', async () => {
    const { admin } = await world.tenant();
    const refused = await admin.patch(POLICY, { passwordMinLength: 8 });
    expectProblem(refused, 422, 'validation_failed');
    expect(pointersOf(refused)).toEqual(['/passwordMinLength']);
    expect(
      (await admin.patch(POLICY, { mfa: 'required', mfaGraceDays: 9, passwordMinLength: 8 })).status,
    ).toBe(200);
    expectProblem(await admin.patch(POLICY, { mfa: 'optional' }), 422, 'validation_failed');
    const back = await admin.patch(POLICY, { mfa: 'optional', passwordMinLength: null });
    expect(back.body).toMatchObject({ effectivePasswordMinLength: 15, mfaRequiredSince: null });
    for (const body of [
      { mfa: 'maybe' },
      { mfaGraceDays: 91 },
      { mfaGraceDays: -1 },
      { passwordMinLength: 7 },
      { mfa: null },
    ])
      expectProblem(await admin.patch(POLICY, body), 422, 'validation_failed');
  });

  it('“off” lets nobody enrol, and goes on asking those who did', async () => {
    const tenant = await world.tenant();
    const ada = await addAda(tenant);
    const { secret } = await enrolTotp(await Client.signIn(ada), tenant.id);
    await tenant.admin.patch(POLICY, { mfa: 'off' });
    expectProblem(await tenant.admin.post('/v1/auth/mfa/totp'), 409, 'conflict');
    expectProblem(await tenant.admin.post('/v1/auth/passkeys/options'), 409, 'conflict');
    const { mfaToken } = await pend(ada);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret) })).status).toBe(200);
  });

  it('“required” gives everybody the days of grace, and says until when', async () => {
    const { tenant, ada } = await requiring(3);
    const client = await Client.signIn(ada);
    const { requiredBy } = (await client.get('/v1/auth/mfa')).body as { requiredBy: string };
    const days = (Date.parse(requiredBy) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(2.9);
    expect(days).toBeLessThanOrEqual(3);
    await asOwner(
      "UPDATE {schema}.security_policy SET mfa_required_since = now() - interval '4 days'",
      [],
      tenant.id,
    );
    // The account is new as well, and has its own days.
    expect((await login(ada)).body).toHaveProperty('accessToken');
    await asOwner(`UPDATE {schema}."user" SET created_at = now() - interval '4 days'`, [], tenant.id);
    expect(await pend(ada)).toMatchObject({ mfaRequired: true, methods: [], enrolmentRequired: true });
  });

  it('“required” ends sessions that were begun with a password alone at their next refresh', async () => {
    const tenant = await world.tenant();
    const ada = await addAda(tenant);
    const client = await Client.signIn(ada);
    await tenant.admin.patch(POLICY, { mfa: 'required' });
    expectProblem(await refresh(client.refreshToken), 401, 'unauthenticated');
    expectProblem(await client.get('/v1/me'), 401, 'unauthenticated');
  });
});

describe('a sign-in that must enrol first', () => {
  it('gets a token for that alone, and a session with the first code', async () => {
    const { ada } = await requiring();
    const { mfaToken } = await pend(ada);
    expect((await finish({ mfaToken, method: 'totp', code: '123456' })).status).toBe(401);
    expect((await send('GET', '/v1/me', { token: mfaToken })).status).toBe(401);
    expect((await send('POST', '/v1/auth/mfa/totp', { token: mfaToken })).status).toBe(401);
    const offer = await send('POST', '/v1/auth/mfa/enrolment/totp', { body: { mfaToken } });
    const { secret } = offer.body as { secret: string };
    const confirm = (code: string) =>
      send('POST', '/v1/auth/mfa/enrolment/totp/confirm', { body: { mfaToken, code } });
    expectProblem(await confirm(wrongCodeOf(secret)), 401, 'invalid_credentials');
    const done = await confirm(codeOf(secret));
    const { accessToken, refreshToken, recoveryCodes } = done.body as Record<string, string> & {
      recoveryCodes: string[];
    };
    expect(recoveryCodes.length).toBe(10);
    expect((await send('GET', '/v1/me', { token: accessToken })).status).toBe(200);
    expect((await refresh(refreshToken!)).status).toBe(200);
    expect((await confirm(codeOf(secret, 1))).status).toBe(401);
    expect(await pend(ada)).toMatchObject({ methods: ['totp', 'recovery_code'], enrolmentRequired: false });
  });

  it('can enrol a passkey instead', async () => {
    const { ada } = await requiring();
    const { mfaToken } = await pend(ada);
    const path = '/v1/auth/mfa/enrolment/passkey';
    const options = await send('POST', `${path}/options`, { body: { mfaToken } });
    const credential = new SoftwareAuthenticator().create(options.body as Options);
    const done = await send('POST', path, { body: { mfaToken, credential } });
    expect(done.body).toHaveProperty('accessToken');
    expect(await pend(ada)).toMatchObject({ methods: ['passkey', 'recovery_code'] });
  });

  it('is what an invitation comes to as well', async () => {
    const tenant = await world.tenant();
    await tenant.admin.patch(POLICY, { mfa: 'required' });
    const { token } = await inviteAda(tenant);
    expect((await accept(token, PASSWORD)).body).toMatchObject({
      mfaRequired: true,
      enrolmentRequired: true,
    });
  });

  it('is what operators have in production, at once', async () => {
    const beside = await besideShared();
    const server = await startServer({
      ...beside,
      NODE_ENV: 'production',
      BCRYPT_COST: '12',
      SMTP_URL: 'none',
    });
    try {
      const operator = { email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD };
      expect(await pend(operator, server)).toMatchObject({ mfaRequired: true, enrolmentRequired: true });
      expect((await login(operator)).body).toHaveProperty('accessToken');
    } finally {
      await server.stop();
    }
  }, 60_000);
});

describe('a factor that is required', () => {
  it('is not removed while it is the last', async () => {
    const tenant = await world.tenant();
    const ada = await Client.signIn(await addAda(tenant));
    await enrolTotp(ada, tenant.id);
    await tenant.admin.patch(POLICY, { mfa: 'required', mfaGraceDays: 30 });
    expectProblem(await ada.delete('/v1/auth/mfa/totp'), 409, 'conflict');
    await registerPasskey(ada);
    expect((await ada.delete('/v1/auth/mfa/totp')).status).toBe(204);
    const { data } = (await ada.get('/v1/auth/passkeys')).body as { data: { id: string }[] };
    expectProblem(await ada.delete(`/v1/auth/passkeys/${data[0]!.id}`), 409, 'conflict');
    expect((await ada.get('/v1/auth/mfa')).body).toMatchObject({ totpSince: null, passkeys: 1 });
  });

  it('is not removed by two removals at once, each of which leaves the other', async () => {
    const { tenant, ada } = await requiring(30);
    const client = await Client.signIn(ada);
    await enrolTotp(client, tenant.id);
    await registerPasskey(client);
    const { data } = (await client.get('/v1/auth/passkeys')).body as { data: { id: string }[] };
    const answers = await Promise.all([
      client.delete('/v1/auth/mfa/totp'),
      client.delete(`/v1/auth/passkeys/${data[0]!.id}`),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
  });
});
