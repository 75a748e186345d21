import {
  accept,
  addAda,
  decode,
  EMAIL,
  inviteAda,
  login,
  me,
  NEXT_PASSWORD,
  PASSWORD,
  refresh,
  refusalOf,
  signIn,
  uniqueEmail,
  type Credentials,
} from '../support/auth.js';
import { send } from '../support/client.js';
import { linkToken, runCommand } from '../support/command.js';
import { asOwner, besideShared } from '../support/database.js';
import { pointersOf } from '../support/problem.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD, startServer } from '../support/server.js';
import { world, type TenantWorld } from '../support/world.js';

const ANY_STRING = expect.any(String) as unknown;
const OPERATOR = { email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD };
let acme: TenantWorld;
let ada: Credentials;
beforeAll(async () => {
  acme = await world.tenant();
  ada = await addAda(acme);
});

describe('login', () => {
  it('gives a user a pair of tokens that names them', async () => {
    const { status, body } = await login({ ...ada, email: ` ${EMAIL.toUpperCase()}` });
    expect(status).toBe(200);
    expect(body).toEqual({
      accessToken: ANY_STRING,
      tokenType: 'Bearer',
      expiresIn: 600,
      refreshToken: expect.stringMatching(/^rt_[0-9a-f-]{36}\.[0-9a-f-]{36}\.[\w-]{43}$/) as unknown,
      refreshExpiresIn: 3600,
    });
    const answer = await me(body.accessToken);
    expect(answer.body).toMatchObject({
      kind: 'user',
      email: EMAIL,
      name: 'Ada',
      tenant: { slug: acme.slug },
      vendorId: null,
      roles: ['tenant_admin'],
    });
    const { permissions } = answer.body as { permissions: string[] };
    expect(permissions).toContain('vendors:create:any');
    expect(permissions).toEqual([...permissions].sort());
    const [header, claims] = body.accessToken.split('.').slice(0, 2).map(decode);
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: ANY_STRING });
    const names = ['aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sid', 'sub', 'tid'];
    expect(Object.keys(claims!).sort()).toEqual(names);
  });

  it('signs an operator in without a tenant', async () => {
    const { body } = await login(OPERATOR);
    expect(body.refreshToken).toMatch(/^rt_0\./);
    const expected = { kind: 'operator', tenant: null, vendorId: null, roles: ['operator'] };
    expect((await me(body.accessToken)).body).toMatchObject(expected);
  });

  it('answers every failure alike', async () => {
    const [globex, pending] = await Promise.all([world.tenant(), world.tenant()]);
    await addAda(globex, { password: NEXT_PASSWORD });
    await inviteAda(pending);
    const answers = await Promise.all([
      login({ ...ada, password: 'wrong' }),
      login({ ...ada, email: 'nobody@acme.example' }),
      login({ ...ada, tenant: 'nowhere' }),
      login({ ...ada, tenant: globex.slug }),
      login({ ...ada, tenant: pending.slug }),
      login({ email: EMAIL, password: PASSWORD }),
      login({ ...OPERATOR, tenant: acme.slug }),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
      expect(refusalOf(answer)).toEqual(refusalOf(answers[0]));
    }
  });

  it('shuts the users of a suspended tenant out, and tells only those with the right password why', async () => {
    const sleepy = await world.tenant();
    const sleeper = await addAda(sleepy);
    const { accessToken, refreshToken } = await signIn(sleeper);
    const operator = await world.operator();
    expect((await operator.post(`/v1/tenants/${sleepy.id}/suspend`)).status).toBe(200);
    const refused = { status: 403, body: { code: 'tenant_suspended' } };
    expect(await login(sleeper)).toMatchObject(refused);
    expect(await me(accessToken)).toMatchObject(refused);
    expect(await refresh(refreshToken)).toMatchObject(refused);
    expect((await login({ ...sleeper, password: 'wrong' })).status).toBe(401);
    expect((await operator.post(`/v1/tenants/${sleepy.id}/resume`)).status).toBe(200);
    expect((await me(accessToken)).status).toBe(200);
  });

  it('replaces a hash of a lower cost than is configured now, once', async () => {
    const tenant = await world.tenant();
    const { id, ...credentials } = await addAda(tenant);
    const storedHash = async (): Promise<string> => {
      const sql = `SELECT password_hash AS hash FROM {schema}."user" WHERE id = $1`;
      return (await asOwner<{ hash: string }>(sql, [id], tenant.id))[0]!.hash;
    };
    const costlier = await startServer({ ...(await besideShared()), BCRYPT_COST: '5' });
    try {
      expect((await login({ ...credentials, password: 'wrong' }, costlier)).status).toBe(401);
      expect(await storedHash()).toMatch(/^\$2[ab]\$04\$/);
      expect((await login(credentials, costlier)).status).toBe(200);
      const replaced = await storedHash();
      expect(replaced).toMatch(/^\$2[ab]\$05\$/);
      expect((await login(credentials, costlier)).status).toBe(200);
      await signIn(credentials);
      expect(await storedHash()).toBe(replaced);
    } finally {
      await costlier.stop();
    }
  });
});

describe('changing the password', () => {
  it('needs the current one, and ends the other sessions', async () => {
    const changing = await addAda(await world.tenant());
    const [here, elsewhere] = [await signIn(changing), await signIn(changing)];
    const change = (currentPassword: string, newPassword: string) =>
      send('PUT', '/v1/auth/password', { token: here.accessToken, body: { currentPassword, newPassword } });
    const unproven = await change('wrong', NEXT_PASSWORD);
    expect([unproven.status, ...pointersOf(unproven)]).toEqual([422, '/currentPassword']);
    for (const newPassword of ['short', 'ADA@acme.example', 'x'.repeat(129)]) {
      const answer = await change(PASSWORD, newPassword);
      expect([answer.status, ...pointersOf(answer)]).toEqual([422, '/newPassword']);
    }
    expect((await change(PASSWORD, NEXT_PASSWORD)).status).toBe(204);
    expect((await me(here.accessToken)).status).toBe(200);
    expect((await me(elsewhere.accessToken)).status).toBe(401);
    expect((await refresh(elsewhere.refreshToken)).status).toBe(401);
    expect((await refresh(here.refreshToken)).status).toBe(200);
    expect((await login(changing)).status).toBe(401);
    await signIn({ ...changing, password: NEXT_PASSWORD });
  });
});

describe('an invitation', () => {
  const expectBadToken = async (token: string): Promise<void> => {
    const answer = await accept(token, NEXT_PASSWORD);
    expect([answer.status, ...pointersOf(answer)]).toEqual([422, '/token']);
  };

  it('sets the password once, and signs in', async () => {
    const tenant = await world.tenant();
    const { token } = await inviteAda(tenant);
    const tooShort = await accept(token, 'short');
    expect([tooShort.status, ...pointersOf(tooShort)]).toEqual([422, '/password']);
    const answers = await Promise.all([1, 2, 3, 4].map(() => accept(token, PASSWORD)));
    const [accepted, ...others] = answers.filter(({ status }) => status === 200);
    expect(others).toHaveLength(0);
    expect((await me(accepted!.body.accessToken)).body).toMatchObject({ tenant: { slug: tenant.slug } });
    await expectBadToken(token);
    await signIn({ tenant: tenant.slug, email: EMAIL, password: PASSWORD });
  });

  it('is void after its time', async () => {
    const tenant = await world.tenant();
    const { id, token } = await inviteAda(tenant);
    await asOwner('UPDATE {schema}.invitation SET expires_at = now() WHERE account_id = $1', [id], tenant.id);
    await expectBadToken(token);
  });

  it('is void when a newer one was made, and ends the sessions that there are', async () => {
    const tenant = await world.tenant();
    const { token } = await inviteAda(tenant);
    const newLink = () => linkToken('user', 'link', '--tenant', tenant.slug, '--email', EMAIL);
    const newest = await newLink();
    await expectBadToken(token);
    const { body } = await accept(newest, PASSWORD);
    expect((await me(body.accessToken)).status).toBe(200);
    expect((await accept(await newLink(), NEXT_PASSWORD)).status).toBe(200);
    expect((await me(body.accessToken)).status).toBe(401);
    for (const text of ['', 'inv_', body.refreshToken]) await expectBadToken(text);
  });

  it('is made for no operator whose address another has', async () => {
    const address = ` ${OPERATOR_EMAIL.toUpperCase()}`;
    expect((await runCommand('operator', 'create', '--email', address)).code).toBe(1);
  });

  it('lets a further operator in, who can be sent another link', async () => {
    const email = uniqueEmail();
    const token = await linkToken('operator', 'create', '--email', ` ${email.toUpperCase()}`);
    const newer = await linkToken('operator', 'link', '--email', email);
    await expectBadToken(token);
    expect((await accept(newer, PASSWORD)).status).toBe(200);
    await signIn({ email, password: PASSWORD });
  });
});
