import { addAda, login, refusalOf, type Credentials } from '../support/auth.js';
import { Client, send, serverUrl, type Answer } from '../support/client.js';
import { asOwner } from '../support/database.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import {
  ageProofs,
  finish,
  registerPasskey,
  SoftwareAuthenticator,
  type Deviations,
  type Pending,
} from '../support/second-factors.js';
import { world, type TenantWorld } from '../support/world.js';

/** What browsers call the shared server; an IP address can have no passkeys. */
const origin = serverUrl().replace('127.0.0.1', 'localhost');

interface Options {
  challenge: string;
  user: { id: string };
  allowCredentials?: { id: string }[];
}
interface Person {
  tenant: TenantWorld;
  credentials: Credentials & { id: string };
  client: Client;
  passkey: SoftwareAuthenticator;
}

async function withoutPasskey(): Promise<Omit<Person, 'passkey'>> {
  const tenant = await world.tenant();
  const credentials = await addAda(tenant);
  const { id: _, ...typed } = credentials;
  return { tenant, credentials, client: await Client.signIn(typed) };
}

async function person(): Promise<Person> {
  const owner = await withoutPasskey();
  return { ...owner, passkey: await registerPasskey(owner.client, origin) };
}

const loginOptions = async (tenant?: string): Promise<Options> => {
  const answer = await send('POST', '/v1/auth/login/passkey/options', { body: { tenant } });
  expect(answer.status).toBe(200);
  return answer.body as Options;
};
const signIn = (tenant: string | undefined, credential: object): Promise<Answer> =>
  send('POST', '/v1/auth/login/passkey', { body: { tenant, credential } });
const pend = async (credentials: Credentials): Promise<Pending> =>
  (await login(credentials)).body as unknown as Pending;
const methodsOfNewest = async ({ tenant, credentials }: Person): Promise<string[]> => {
  const sql = 'SELECT methods FROM {schema}.session WHERE account_id = $1 ORDER BY id DESC LIMIT 1';
  return (await asOwner<{ methods: string[] }>(sql, [credentials.id], tenant.id))[0]!.methods;
};

const DEVIATIONS: readonly [string, Deviations][] = [
  ['another origin', { origin: 'http://localhost.evil.example' }],
  ['the address in place of the name', { origin: serverUrl() }],
  ['another domain', { rpId: 'evil.example' }],
  ['a page that frames ours', { crossOrigin: true }],
  ['a challenge of its own', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
  ['nobody verified', { userVerified: false }],
  ['an answer of the other kind', { type: 'webauthn.other' }],
];

describe('registering a passkey', () => {
  it('asks for a verified user and a passkey that can be found without a name', async () => {
    const { client, credentials } = await withoutPasskey();
    const { body } = await client.post('/v1/auth/passkeys/options');
    expect(body).toMatchObject({
      rp: { id: 'localhost', name: 'Ringfence' },
      user: { name: expect.stringContaining(credentials.email) as string },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    expect(Buffer.from((body as Options).challenge, 'base64url').length).toBe(32);
  });

  it('shows it in the list, and gives recovery codes with the first', async () => {
    const { client } = await withoutPasskey();
    const answers = [];
    for (const name of ['Key', undefined]) {
      const options = (await client.post('/v1/auth/passkeys/options')).body as Options;
      const credential = new SoftwareAuthenticator(origin).create(options);
      answers.push(await client.post('/v1/auth/passkeys', { credential, name }));
    }
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    const [first, second] = answers.map(({ body }) => body as { id: string; recoveryCodes: string[] });
    expect([first!.recoveryCodes.length, second!.recoveryCodes.length]).toEqual([10, 0]);
    const list = (await client.get('/v1/auth/passkeys')).body as { data: object[] };
    expect(list.data).toMatchObject([
      { id: first!.id, name: 'Key', synced: false, lastUsedAt: null },
      { id: second!.id, name: 'Passkey' },
    ]);
    expect((await client.delete(`/v1/auth/passkeys/${first!.id}`)).status).toBe(204);
    expectProblem(await client.delete(`/v1/auth/passkeys/${first!.id}`), 404, 'not_found');
  });

  it.each(DEVIATIONS)('is refused with %s', async (_, but) => {
    const { client } = await withoutPasskey();
    const options = (await client.post('/v1/auth/passkeys/options')).body as Options;
    const credential = new SoftwareAuthenticator(origin).create(options, but);
    const answer = await client.post('/v1/auth/passkeys', { credential });
    expectProblem(answer, 422, 'validation_failed');
    expect(pointersOf(answer)).toEqual(['/credential']);
    expect((await client.get('/v1/auth/passkeys')).body).toMatchObject({ data: [] });
  });

  it('takes a challenge once, from the account that it was given to', async () => {
    const [one, other] = [await withoutPasskey(), await withoutPasskey()];
    const options = (await one.client.post('/v1/auth/passkeys/options')).body as Options;
    const credential = new SoftwareAuthenticator(origin).create(options);
    expect((await other.client.post('/v1/auth/passkeys', { credential })).status).toBe(422);
    expect((await one.client.post('/v1/auth/passkeys', { credential })).status).toBe(201);
    const again = new SoftwareAuthenticator(origin).create(options);
    expect((await one.client.post('/v1/auth/passkeys', { credential: again })).status).toBe(422);
  });

  it.each([
    ['a number', 1],
    ['nothing in it', {}],
    ['an attestation that is none', { attestationObject: 'AAAA', clientDataJSON: 'e30' }],
    ['client data that are no JSON', { attestationObject: 'AAAA', clientDataJSON: 'AAAA' }],
    ['unknown fields', { attestationObject: 'AAAA', clientDataJSON: 'e30', admin: true }],
  ])('is refused as the caller’s fault with %s', async (_, response) => {
    const { client } = await withoutPasskey();
    const credential = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response };
    expectProblem(await client.post('/v1/auth/passkeys', { credential }), 422, 'validation_failed');
  });
});

describe('a passkey alone', () => {
  it('signs in without a name or a password, and is more than one factor', async () => {
    const owner = await person();
    const { slug } = owner.tenant;
    const answer = await signIn(slug, owner.passkey.get(await loginOptions(slug)));
    expect(answer.status).toBe(200);
    const { accessToken } = answer.body as { accessToken: string };
    const me = await send('GET', '/v1/me', { token: accessToken });
    expect(me.body).toMatchObject({ id: owner.credentials.id });
    expect(await methodsOfNewest(owner)).toEqual(['hwk', 'user', 'mfa']);
  });

  it('is asked for in the same words whether the tenant exists, and names nobody', async () => {
    const { tenant } = await person();
    const [known, unknown] = [await loginOptions(tenant.slug), await loginOptions('nowhere-at-all')];
    expect({ ...known, challenge: '' }).toEqual({ ...unknown, challenge: '' });
    expect(known.allowCredentials ?? []).toEqual([]);
    expect(known.challenge.length).toBe(unknown.challenge.length);
  });

  it.each(DEVIATIONS)('does not sign in with %s', async (_, but) => {
    const { tenant, passkey } = await person();
    const credential = passkey.get(await loginOptions(tenant.slug), but);
    expectProblem(await signIn(tenant.slug, credential), 401, 'invalid_credentials');
  });

  it('is refused in one way, whatever is wrong', async () => {
    const [{ tenant, passkey, credentials }, other] = [await person(), await person()];
    const { slug } = tenant;
    const used = passkey.get(await loginOptions(slug));
    expect((await signIn(slug, used)).status).toBe(200);
    const stranger = new SoftwareAuthenticator(origin);
    stranger.userHandle = passkey.userHandle;
    const elsewhere = passkey.get(await loginOptions(other.tenant.slug));
    const asOther = passkey.get(await loginOptions(slug), { userHandle: other.passkey.userHandle });
    const asNobody = passkey.get(await loginOptions(slug)) as { response: { userHandle?: string } };
    delete asNobody.response.userHandle;
    const { mfaToken } = await pend(credentials);
    const forMfa = await send('POST', '/v1/auth/mfa/passkey/options', { body: { mfaToken } });
    const answers = [
      await signIn(slug, used),
      await signIn(slug, stranger.get(await loginOptions(slug))),
      await signIn(slug, elsewhere),
      await signIn(other.tenant.slug, elsewhere),
      await signIn(slug, asOther),
      await signIn(slug, asNobody),
      await signIn(slug, passkey.get(forMfa.body as Options)),
      await signIn('nowhere-at-all', passkey.get(await loginOptions('nowhere-at-all'))),
      await signIn(undefined, passkey.get(await loginOptions())),
    ];
    for (const answer of answers) expectProblem(answer, 401, 'invalid_credentials');
    expect(new Set(answers.map((answer) => JSON.stringify(refusalOf(answer)))).size).toBe(1);
  });

  it('is refused when its counter did not go on: somebody may have a copy', async () => {
    const { tenant, passkey } = await person();
    const { slug } = tenant;
    passkey.counter = 50;
    expect((await signIn(slug, passkey.get(await loginOptions(slug)))).status).toBe(200);
    for (const counter of [50, 49, 0]) {
      passkey.counter = counter;
      expect((await signIn(slug, passkey.get(await loginOptions(slug)))).status).toBe(401);
    }
    passkey.counter = 4_000_000_000;
    expect((await signIn(slug, passkey.get(await loginOptions(slug)))).status).toBe(200);
  });

  it('is refused once its challenge is five minutes old', async () => {
    const { tenant, passkey } = await person();
    const options = await loginOptions(tenant.slug);
    await asOwner('UPDATE {schema}.webauthn_challenge SET expires_at = now()', [], tenant.id);
    expect((await signIn(tenant.slug, passkey.get(options))).status).toBe(401);
  });

  it('is refused while the account’s second factors rest, and while the tenant is suspended', async () => {
    const { tenant, passkey, credentials } = await person();
    const rest = "INSERT INTO {schema}.factor_attempt VALUES ($1, 6, now() + interval '1 hour')";
    await asOwner(rest, [credentials.id], tenant.id);
    expect((await signIn(tenant.slug, passkey.get(await loginOptions(tenant.slug)))).status).toBe(401);
    await asOwner('DELETE FROM {schema}.factor_attempt', [], tenant.id);
    const operator = await world.operator();
    await operator.post(`/v1/tenants/${tenant.id}/suspend`);
    const credential = passkey.get(await loginOptions(tenant.slug));
    expectProblem(await signIn(tenant.slug, credential), 403, 'tenant_suspended');
  });
});

describe('a passkey after the password', () => {
  const optionsFor = async (mfaToken: string): Promise<Options> =>
    (await send('POST', '/v1/auth/mfa/passkey/options', { body: { mfaToken } })).body as Options;

  it('finishes the sign-in', async () => {
    const owner = await person();
    const { mfaToken, methods } = await pend(owner.credentials);
    expect(methods).toEqual(['passkey', 'recovery_code']);
    const options = await optionsFor(mfaToken);
    expect(options.allowCredentials).toMatchObject([{ id: owner.passkey.id.toString('base64url') }]);
    const credential = owner.passkey.get(options);
    expect((await finish({ mfaToken, method: 'passkey', credential })).status).toBe(200);
    expect(await methodsOfNewest(owner)).toEqual(['pwd', 'hwk', 'user', 'mfa']);
  });

  it('must be the account’s own, and answer the challenge of this sign-in', async () => {
    const [one, other] = [await person(), await person()];
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
    const { client, passkey, credentials, tenant } = await person();
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
