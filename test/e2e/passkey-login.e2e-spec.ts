import { refusalOf } from '../support/auth.js';
import { send, type Answer } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { asOwner } from '../support/database.js';
import {
  DEVIATIONS,
  loginOptions,
  passkeyOwner,
  signInByPasskey,
  SoftwareAuthenticator,
  type Options,
  type PasskeyOwner,
} from '../support/passkeys.js';
import { expectProblem } from '../support/problem.js';
import { ageProofs, finish, pend, setAttempts } from '../support/second-factors.js';
import { world } from '../support/world.js';

const methodsOfNewest = async ({ tenant, credentials }: PasskeyOwner): Promise<string[]> => {
  const sql = 'SELECT methods FROM {schema}.session WHERE account_id = $1 ORDER BY id DESC LIMIT 1';
  return (await asOwner<{ methods: string[] }>(sql, [credentials.id], tenant.id))[0]!.methods;
};

describe('a passkey alone', () => {
  it('signs in without a name or a password, and is more than one factor', async () => {
    const owner = await passkeyOwner();
    const { slug } = owner.tenant;
    const answer = await signInByPasskey(slug, owner.passkey.get(await loginOptions(slug)));
    expect(answer.status).toBe(200);
    const { accessToken } = answer.body as { accessToken: string };
    const me = await send('GET', '/v1/me', { token: accessToken });
    expect(me.body).toMatchObject({ id: owner.credentials.id });
    expect(await methodsOfNewest(owner)).toEqual(['hwk', 'user', 'mfa']);
  });

  it('is asked for in the same words whether the tenant exists, and names nobody', async () => {
    const { tenant } = await passkeyOwner();
    const [known, unknown] = [await loginOptions(tenant.slug), await loginOptions('nowhere-at-all')];
    expect({ ...known, challenge: '' }).toEqual({ ...unknown, challenge: '' });
    expect(known.allowCredentials ?? []).toEqual([]);
    expect(known.challenge.length).toBe(unknown.challenge.length);
  });

  it.each(DEVIATIONS)('does not sign in with %s', async (_, but) => {
    const { tenant, passkey } = await passkeyOwner();
    const credential = passkey.get(await loginOptions(tenant.slug), but);
    expectProblem(await signInByPasskey(tenant.slug, credential), 401, 'invalid_credentials');
  });

  it('is refused in one way, whatever is wrong', async () => {
    const [{ tenant, passkey, credentials }, other] = [await passkeyOwner(), await passkeyOwner()];
    const { slug } = tenant;
    const used = passkey.get(await loginOptions(slug));
    expect((await signInByPasskey(slug, used)).status).toBe(200);
    const stranger = new SoftwareAuthenticator();
    stranger.userHandle = passkey.userHandle;
    const elsewhere = passkey.get(await loginOptions(other.tenant.slug));
    const asOther = passkey.get(await loginOptions(slug), { userHandle: other.passkey.userHandle });
    const asNobody = passkey.get(await loginOptions(slug)) as { response: { userHandle?: string } };
    delete asNobody.response.userHandle;
    const { mfaToken } = await pend(credentials);
    const forMfa = await send('POST', '/v1/auth/mfa/passkey/options', { body: { mfaToken } });
    const answers = [
      await signInByPasskey(slug, used),
      await signInByPasskey(slug, stranger.get(await loginOptions(slug))),
      await signInByPasskey(slug, elsewhere),
      await signInByPasskey(other.tenant.slug, elsewhere),
      await signInByPasskey(slug, asOther),
      await signInByPasskey(slug, asNobody),
      await signInByPasskey(slug, passkey.get(forMfa.body as Options)),
      await signInByPasskey('nowhere-at-all', passkey.get(await loginOptions('nowhere-at-all'))),
      await signInByPasskey(undefined, passkey.get(await loginOptions())),
    ];
    for (const answer of answers) expectProblem(answer, 401, 'invalid_credentials');
    expect(new Set(answers.map((answer) => JSON.stringify(refusalOf(answer)))).size).toBe(1);
  });

  it('is refused when its counter did not go on: somebody may have a copy', async () => {
    const { tenant, passkey } = await passkeyOwner();
    const { slug } = tenant;
    passkey.counter = 50;
    expect((await signInByPasskey(slug, passkey.get(await loginOptions(slug)))).status).toBe(200);
    for (const counter of [50, 49, 0]) {
      passkey.counter = counter;
      expect((await signInByPasskey(slug, passkey.get(await loginOptions(slug)))).status).toBe(401);
    }
    passkey.counter = 4_000_000_000;
    expect((await signInByPasskey(slug, passkey.get(await loginOptions(slug)))).status).toBe(200);
  });

  it('is refused once its challenge is five minutes old', async () => {
    const { tenant, passkey } = await passkeyOwner();
    const options = await loginOptions(tenant.slug);
    await asOwner('UPDATE {schema}.webauthn_challenge SET expires_at = now()', [], tenant.id);
    expect((await signInByPasskey(tenant.slug, passkey.get(options))).status).toBe(401);
  });

  it('is not locked by wrong passwords and codes, but with the account and while the tenant is suspended', async () => {
    const { tenant, passkey, credentials } = await passkeyOwner();
    const signIn = async (): Promise<Answer> =>
      signInByPasskey(tenant.slug, passkey.get(await loginOptions(tenant.slug)));
    await setAttempts(credentials.id, 100);
    expect((await signIn()).status).toBe(200);
    const named = ['--tenant', tenant.slug, '--email', credentials.email];
    expect((await runCommand('user', 'lock', ...named)).code).toBe(0);
    expectProblem(await signIn(), 401, 'invalid_credentials');
    expect((await runCommand('user', 'unlock', ...named)).code).toBe(0);
    const operator = await world.operator();
    await operator.post(`/v1/tenants/${tenant.id}/suspend`);
    expectProblem(await signIn(), 403, 'tenant_suspended');
  });
});

describe('a passkey after the password', () => {
  const optionsFor = async (mfaToken: string): Promise<Options> =>
    (await send('POST', '/v1/auth/mfa/passkey/options', { body: { mfaToken } })).body as Options;

  it('finishes the sign-in', async () => {
    const owner = await passkeyOwner();
    const { mfaToken, methods } = await pend(owner.credentials);
    expect(methods).toEqual(['passkey', 'recovery_code']);
    const options = await optionsFor(mfaToken);
    expect(options.allowCredentials).toMatchObject([{ id: owner.passkey.id.toString('base64url') }]);
    const credential = owner.passkey.get(options);
    expect((await finish({ mfaToken, method: 'passkey', credential })).status).toBe(200);
    expect(await methodsOfNewest(owner)).toEqual(['pwd', 'hwk', 'user', 'mfa']);
  });

  it('must be the account’s own, and answer the challenge of this sign-in', async () => {
    const [one, other] = [await passkeyOwner(), await passkeyOwner()];
    const { mfaToken } = await pend(one.credentials);
    const foreign = other.passkey.get(await optionsFor(mfaToken));
    const forLogin = one.passkey.get(await loginOptions(one.tenant.slug));
    for (const credential of [foreign, forLogin])
      expect((await finish({ mfaToken, method: 'passkey', credential })).status).toBe(401);
    const used = one.passkey.get(await optionsFor(mfaToken));
    expect((await finish({ mfaToken, method: 'passkey', credential: used })).status).toBe(200);
    const next = await pend(one.credentials);
    expect((await finish({ mfaToken: next.mfaToken, method: 'passkey', credential: used })).status).toBe(401);
  });

  it('proves a session anew', async () => {
    const { client, passkey, credentials, tenant } = await passkeyOwner();
    await ageProofs(credentials.id, 400, tenant.id);
    const refused = await client.post('/v1/auth/mfa/recovery-codes');
    expectProblem(refused, 403, 'step_up_required');
    expect(refused.body).toMatchObject({ methods: ['passkey'] });
    const options = (await client.post('/v1/auth/step-up/passkey/options')).body as Options;
    const credential = passkey.get(options);
    expect((await client.post('/v1/auth/step-up', { method: 'passkey', credential })).status).toBe(200);
    expect((await client.post('/v1/auth/step-up', { method: 'passkey', credential })).status).toBe(422);
    expect((await client.post('/v1/auth/mfa/recovery-codes')).status).toBe(200);
  });
});
