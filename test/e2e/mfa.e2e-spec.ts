import {
  addAda,
  accept,
  login,
  me,
  PASSWORD,
  refresh,
  refusalOf,
  type Credentials,
} from '../support/auth.js';
import { Client, send, type Answer } from '../support/client.js';
import { linkToken } from '../support/command.js';
import { asOwner, besideShared } from '../support/database.js';
import { expectProblem } from '../support/problem.js';
import {
  codeOf,
  enrolTotp,
  finish,
  rewindTotp,
  wrongCodeOf,
  type Pending,
} from '../support/second-factors.js';
import { startServer } from '../support/server.js';
import { world, type TenantWorld } from '../support/world.js';

let acme: TenantWorld;
beforeAll(async () => {
  acme = await world.tenant();
});

const signInAs = ({ tenant, email, password }: Credentials): Promise<Client> =>
  Client.signIn({ ...(tenant !== undefined && { tenant }), email, password });

interface Person {
  credentials: Credentials & { id: string };
  client: Client;
  secret: string;
  recoveryCodes: string[];
}

/** Somebody of a tenant of their own, with an authenticator app. */
async function person(): Promise<Person & { tenant: TenantWorld }> {
  const tenant = await world.tenant();
  const credentials = await addAda(tenant);
  const client = await signInAs(credentials);
  return { tenant, credentials, client, ...(await enrolTotp(client, tenant.id)) };
}

const pend = async (credentials: Credentials, server?: { url: string }): Promise<Pending> =>
  (await login(credentials, server)).body as unknown as Pending;
const isSession = ({ status, body }: Answer): boolean =>
  status === 200 && typeof (body as { accessToken?: unknown }).accessToken === 'string';

describe('an authenticator app', () => {
  it('is offered as base32, address and QR code, and counts only once a right code was shown', async () => {
    const ada = await addAda(acme);
    const client = await signInAs(ada);
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
    const { credentials, client, secret, tenant } = await person();
    expect((await client.delete('/v1/auth/mfa/totp')).status).toBe(204);
    const older = await signInAs(credentials);
    await enrolTotp(client, tenant.id);
    expect([(await older.get('/v1/me')).status, (await refresh(older.refreshToken)).status]).toEqual([
      401, 401,
    ]);
    expect((await client.get('/v1/me')).status).toBe(200);
    const { mfaToken } = await pend(credentials);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret) })).status).toBe(401);
  });

  it('finishes a sign-in, and its session says with what', async () => {
    const { credentials, secret, tenant } = await person();
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
    const { credentials, secret } = await person();
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
    const { credentials, secret, tenant } = await person();
    // Each its own token, so that the code alone decides; the count of attempts is out of the way.
    const pendings = await Promise.all(Array.from({ length: 20 }, () => pend(credentials)));
    await asOwner('INSERT INTO {schema}.factor_attempt VALUES ($1, -1000)', [credentials.id], tenant.id);
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
    const { credentials, client, recoveryCodes } = await person();
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
    const { credentials, recoveryCodes, tenant } = await person();
    const pendings = await Promise.all(Array.from({ length: 20 }, () => pend(credentials)));
    await asOwner('INSERT INTO {schema}.factor_attempt VALUES ($1, -1000)', [credentials.id], tenant.id);
    const answers = await Promise.all(
      pendings.map(({ mfaToken }) => finish({ mfaToken, method: 'recovery_code', code: recoveryCodes[0] })),
    );
    expect(answers.filter(isSession).length).toBe(1);
  });

  it('is void once new ones were made', async () => {
    const { credentials, client, recoveryCodes } = await person();
    const made = (await client.post('/v1/auth/mfa/recovery-codes')).body as { recoveryCodes: string[] };
    expect(new Set([...made.recoveryCodes, ...recoveryCodes]).size).toBe(20);
    const use = async (code: string): Promise<number> => {
      const { mfaToken } = await pend(credentials);
      return (await finish({ mfaToken, method: 'recovery_code', code })).status;
    };
    expect([await use(recoveryCodes[0]!), await use(made.recoveryCodes[0]!)]).toEqual([401, 200]);
  });
});

describe('attempts', () => {
  it('are five with one token, of whatever kind', async () => {
    const { credentials, secret, recoveryCodes, tenant } = await person();
    const { mfaToken } = await pend(credentials);
    for (const method of ['totp', 'recovery_code', 'totp', 'recovery_code', 'totp'])
      expect((await finish({ mfaToken, method, code: wrongCodeOf(secret) })).status).toBe(401);
    await asOwner('DELETE FROM {schema}.factor_attempt', [], tenant.id);
    expect((await finish({ mfaToken, method: 'recovery_code', code: recoveryCodes[0] })).status).toBe(401);
    const fresh = await pend(credentials);
    expect((await finish({ mfaToken: fresh.mfaToken, method: 'totp' })).status).toBe(422);
    const good = { mfaToken: fresh.mfaToken, method: 'recovery_code', code: recoveryCodes[0] };
    expect((await finish(good)).status).toBe(200);
  });

  it('rest after six in a row over all tokens: the seventh is refused even if right, and after a restart', async () => {
    const { credentials, secret, recoveryCodes, tenant } = await person();
    const show = async (method: string, code: string, url = ''): Promise<Answer> => {
      const { mfaToken } = await pend(credentials, { url });
      return send('POST', `${url}/v1/auth/mfa`, { body: { mfaToken, method, code } });
    };
    const refusals = [];
    for (let attempt = 0; attempt < 6; attempt++)
      refusals.push(refusalOf(await show(attempt % 2 ? 'totp' : 'recovery_code', wrongCodeOf(secret))));
    refusals.push(refusalOf(await show('totp', codeOf(secret))));
    refusals.push(refusalOf(await show('recovery_code', recoveryCodes[0]!)));
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
    const another = await startServer(await besideShared());
    try {
      expect((await show('totp', codeOf(secret), another.url)).status).toBe(401);
    } finally {
      await another.stop();
    }
    await asOwner('UPDATE {schema}.factor_attempt SET locked_until = now()', [], tenant.id);
    expect((await show('totp', codeOf(secret))).status).toBe(200);
    expect(await asOwner('SELECT * FROM {schema}.factor_attempt', [], tenant.id)).toEqual([]);
  }, 60_000);

  it('rest for a minute, twice as long each time, an hour at most; after a hundred for good', async () => {
    const { credentials, secret, tenant } = await person();
    const restAfter = async (failures: number): Promise<number> => {
      const set =
        'INSERT INTO {schema}.factor_attempt VALUES ($1, $2) ON CONFLICT (account_id) DO UPDATE SET failures = $2, locked_until = NULL';
      await asOwner(set, [credentials.id, failures - 1], tenant.id);
      const { mfaToken } = await pend(credentials);
      await finish({ mfaToken, method: 'totp', code: wrongCodeOf(secret) });
      const [row] = await asOwner<{ seconds: number; failures: number }>(
        'SELECT extract(epoch FROM locked_until - now())::float8 AS seconds, failures FROM {schema}.factor_attempt',
        [],
        tenant.id,
      );
      expect(row!.failures).toBe(failures);
      return Math.round((row!.seconds ?? 0) / 60);
    };
    expect([await restAfter(5), await restAfter(6), await restAfter(8), await restAfter(40)]).toEqual([
      0, 1, 4, 60,
    ]);
    await restAfter(100);
    await asOwner('UPDATE {schema}.factor_attempt SET locked_until = NULL', [], tenant.id);
    const { mfaToken } = await pend(credentials);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret) })).status).toBe(401);
  });

  it('at the same time never pass together', async () => {
    const { credentials, secret, tenant } = await person();
    const pendings = await Promise.all(Array.from({ length: 30 }, () => pend(credentials)));
    await Promise.all(
      pendings.map(({ mfaToken }) => finish({ mfaToken, method: 'totp', code: wrongCodeOf(secret) })),
    );
    const rows = await asOwner<{ failures: number }>(
      'SELECT failures FROM {schema}.factor_attempt',
      [],
      tenant.id,
    );
    expect(rows).toEqual([{ failures: 6 }]);
    const { mfaToken } = await pend(credentials);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret) })).status).toBe(401);
  });
});

describe('the token of an unfinished sign-in', () => {
  it('is good for nothing else, and nothing else is good in its place', async () => {
    const { credentials, client, secret } = await person();
    const { mfaToken } = await pend(credentials);
    expectProblem(await me(mfaToken), 401, 'unauthenticated');
    expect((await refresh(mfaToken)).status).toBe(401);
    expect((await accept(mfaToken, PASSWORD)).status).toBe(422);
    const enrol = { mfaToken };
    for (const path of ['totp', 'passkey/options'])
      expect((await send('POST', `/v1/auth/mfa/enrolment/${path}`, { body: enrol })).status).toBe(401);
    for (const other of [client.token, client.refreshToken, mfaToken.replace('mfa_', 'rt_'), `${mfaToken}x`])
      expect((await finish({ mfaToken: other, method: 'totp', code: codeOf(secret) })).status).toBe(401);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret) })).status).toBe(200);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret, 1) })).status).toBe(401);
  });

  it('is bound to its tenant and account', async () => {
    const [one, other] = [await person(), await person()];
    const { mfaToken } = await pend(one.credentials);
    const moved = mfaToken.replace(one.tenant.id, other.tenant.id);
    expect(moved).not.toBe(mfaToken);
    for (const token of [moved, mfaToken])
      expect((await finish({ mfaToken: token, method: 'totp', code: codeOf(other.secret) })).status).toBe(
        401,
      );
  });

  it('ends with the password that it stands for, and with its time', async () => {
    const { credentials, client, secret, tenant } = await person();
    const first = await pend(credentials);
    const change = { currentPassword: PASSWORD, newPassword: `${PASSWORD} and more` };
    expect((await client.put('/v1/auth/password', change)).status).toBe(204);
    const show = { method: 'totp', code: codeOf(secret) };
    expect((await finish({ mfaToken: first.mfaToken, ...show })).status).toBe(401);
    const second = await pend({ ...credentials, password: change.newPassword });
    await asOwner('UPDATE {schema}.pending_login SET expires_at = now()', [], tenant.id);
    await rewindTotp(credentials.id, tenant.id);
    expect((await finish({ mfaToken: second.mfaToken, ...show })).status).toBe(401);
  });
});

describe('every other way into an account', () => {
  it('asks for the second factor too: a link by which the password is set anew', async () => {
    const { credentials, secret } = await person();
    const token = await linkToken(
      'user',
      'link',
      '--tenant',
      credentials.tenant!,
      '--email',
      credentials.email,
    );
    const answer = await accept(token, `${PASSWORD} anew`);
    const { mfaToken, methods } = answer.body as unknown as Pending;
    expect(methods).toEqual(['totp', 'recovery_code']);
    expect(answer.body).not.toHaveProperty('accessToken');
    expect(isSession(await finish({ mfaToken, method: 'totp', code: codeOf(secret) }))).toBe(true);
  });
});
