import {
  addAda,
  login,
  me,
  NEXT_PASSWORD,
  refusalOf,
  signIn,
  uniqueEmail,
  type Credentials,
} from '../support/auth.js';
import { send } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { asOwner, besideShared } from '../support/database.js';
import { mailsTo, mailTo } from '../support/mail.js';
import { expectProblem } from '../support/problem.js';
import { startServer, type RunningServer } from '../support/server.js';
import { world, type TenantWorld } from '../support/world.js';

type Ada = Credentials & { id: string };
const LOCK_MAIL = 'Too many failed sign-ins';
let tenant: TenantWorld;
beforeAll(async () => {
  tenant = await world.tenant();
});

const newUser = (): Promise<Ada> => {
  const email = uniqueEmail();
  return addAda(tenant, { email }).then((ada) => ({ ...ada, email }));
};
const wrongly = (user: Credentials, where = {}) => login({ ...user, password: 'wrong' }, where);
const failTimes = async (user: Credentials, times: number): Promise<void> => {
  for (let count = 0; count < times; count++) expect((await wrongly(user)).status).toBe(401);
};
const counters = (user: Ada) =>
  asOwner<{ failures: number; seconds: number | null; known: boolean }>(
    `SELECT failures, ceil(extract(epoch FROM locked_until - now()))::int AS seconds, known_since IS NOT NULL AS known
       FROM platform.login_counter WHERE account_id = $1 ORDER BY failures DESC, seconds DESC NULLS LAST`,
    [user.id],
  );
/** As if all locks of the account had passed. */
const passTime = (user: Ada) =>
  asOwner('UPDATE platform.login_counter SET locked_until = now() WHERE account_id = $1', [user.id]);

describe('an account', () => {
  it('is locked by 40 wrong passwords at once, so that a right 41st does not get in', async () => {
    const ada = await newUser();
    const answers = await Promise.all(Array.from({ length: 40 }, () => wrongly(ada)));
    const right = await login(ada);
    for (const answer of [...answers, right]) expect(refusalOf(answer)).toEqual(refusalOf(answers[0]!));
    expect(right).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    const admitted = (await counters(ada)).map(({ failures }) => failures);
    expect(admitted).toEqual([10, 10]);
  });

  it('lets many right passwords at once in', async () => {
    const ada = await newUser();
    const answers = await Promise.all(Array.from({ length: 30 }, () => login(ada)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  it('is locked for a minute by the 10th failure, and for twice as long by each further one, up to an hour', async () => {
    const ada = await newUser();
    await failTimes(ada, 9);
    await signIn(ada);
    await failTimes(ada, 10);
    const longest: number[] = [];
    for (let count = 0; count < 8; count++) {
      longest.push(Math.max(...(await counters(ada)).map(({ seconds }) => seconds ?? 0)));
      expect((await login(ada)).status).toBe(401);
      await passTime(ada);
      await failTimes(ada, 1);
    }
    for (const [index, expected] of [60, 120, 240, 480, 960, 1920, 3600, 3600].entries()) {
      expect(longest[index]).toBeLessThanOrEqual(expected);
      expect(longest[index]).toBeGreaterThan(expected / 2);
    }
    await passTime(ada);
    await signIn(ada);
    await failTimes(ada, 9);
    await signIn(ada);
  }, 60_000);

  it('keeps its count through a restart and on another node', async () => {
    const ada = await newUser();
    const node = await startServer(await besideShared());
    try {
      await failTimes(ada, 5);
      for (let count = 0; count < 5; count++) expect((await wrongly(ada, node)).status).toBe(401);
    } finally {
      await node.stop();
    }
    expect((await login(ada)).status).toBe(401);
  });

  it('is locked for good by 100 failures in a row, until an administrator unlocks it', async () => {
    const ada = await newUser();
    await failTimes(ada, 1);
    await asOwner('UPDATE platform.login_counter SET failures = 98 WHERE account_id = $1 AND key = subject', [
      ada.id,
    ]);
    await failTimes(ada, 2);
    await passTime(ada);
    expect((await login(ada)).status).toBe(401);
    const unlocked = await tenant.admin.post(`/v1/users/${ada.id}/unlock`);
    expect(unlocked).toMatchObject({ status: 200, body: { id: ada.id } });
    await signIn(ada);
  });

  it('tells its owner once, and never a stranger who has no account', async () => {
    const ada = await newUser();
    const nobody = { ...ada, email: uniqueEmail() };
    await failTimes(ada, 12);
    await failTimes(nobody, 12);
    await passTime(ada);
    await failTimes(ada, 1);
    await mailTo(ada.email, LOCK_MAIL);
    expect((await mailsTo(ada.email)).filter(({ subject }) => subject === LOCK_MAIL)).toHaveLength(1);
    expect(await mailsTo(nobody.email)).toEqual([]);
  });

  it('asks for the lock wherever the password is asked for', async () => {
    const ada = await newUser();
    const { accessToken: token } = await signIn(ada);
    const change = (currentPassword: string) =>
      send('PUT', '/v1/auth/password', { token, body: { currentPassword, newPassword: NEXT_PASSWORD } });
    const moving = (currentPassword: string) =>
      send('POST', '/v1/auth/email', { token, body: { currentPassword, newEmail: uniqueEmail() } });
    for (let count = 0; count < 5; count++) {
      expectProblem(await change('wrong'), 422);
      expectProblem(await moving('wrong'), 422);
    }
    for (const call of [change, moving]) {
      const [right, wrong] = [await call(ada.password), await call('wrong')];
      expect(refusalOf(right)).toEqual(refusalOf(wrong));
    }
    expect((await login(ada)).status).toBe(401);
  });

  it('is shut and opened by the command line, whatever its owner knows', async () => {
    const ada = await newUser();
    const { accessToken } = await signIn(ada);
    const command = async (deed: string): Promise<number> =>
      (await runCommand('user', deed, '--tenant', tenant.slug, '--email', ada.email, '--json')).code;
    expect(await command('lock')).toBe(0);
    expect((await me(accessToken)).status).toBe(401);
    expect(refusalOf(await login(ada))).toEqual(refusalOf(await wrongly(ada)));
    expect(await command('unlock')).toBe(0);
    await signIn(ada);
    expect((await runCommand('user', 'lock', '--tenant', tenant.slug, '--email', uniqueEmail())).code).toBe(
      1,
    );
  }, 60_000);
});

describe('addresses', () => {
  let proxied: RunningServer;
  beforeAll(async () => {
    proxied = await startServer({
      ...(await besideShared()),
      TRUST_PROXY: '1',
      LOGIN_RATE_LIMIT_PER_MINUTE: '12',
    });
  });
  afterAll(() => proxied.stop());
  const loginFrom = (address: string, { tenant: slug, email, password }: Credentials) =>
    send('POST', `${proxied.url}/v1/auth/login`, {
      body: { tenant: slug, email, password },
      headers: { 'X-Forwarded-For': address },
    });

  it('from which the account signed in before are not locked out by strangers', async () => {
    const ada = await newUser();
    const stranger = { ...ada, password: 'wrong' };
    expect((await loginFrom('192.0.2.1', ada)).status).toBe(200);
    for (let count = 0; count < 11; count++) await loginFrom(`198.51.100.${count}`, stranger);
    expect((await loginFrom('203.0.113.9', ada)).status).toBe(401);
    expect((await loginFrom('192.0.2.1', ada)).status).toBe(200);
    // Signing in at home gives strangers no new guesses.
    expect((await loginFrom('203.0.113.9', ada)).status).toBe(401);
    await asOwner('UPDATE platform.login_counter SET failures = 100 WHERE account_id = $1', [ada.id]);
    await asOwner(
      `INSERT INTO platform.login_counter (key, subject, account_id, failures, since, last_failed_at)
       SELECT DISTINCT subject, subject, account_id, 100, now(), now() FROM platform.login_counter WHERE account_id = $1
       ON CONFLICT (key) DO NOTHING`,
      [ada.id],
    );
    expect((await loginFrom('192.0.2.1', ada)).status).toBe(401);
  });

  it('that fail over many accounts are refused for a while, IPv6 by /64, and others are not', async () => {
    const from = (count: number): string => `2001:db8:7:7::${(count + 1).toString(16)}`;
    const digestOfAll = (): Promise<{ failures: number }[]> =>
      asOwner(`SELECT failures FROM platform.login_counter WHERE key = subject AND account_id IS NULL
                ORDER BY last_failed_at DESC, failures DESC LIMIT 1`);
    const statuses: number[] = [];
    for (let count = 0; count < 12; count++)
      statuses.push(
        (await loginFrom(from(count), { tenant: tenant.slug, email: uniqueEmail(), password: 'x' })).status,
      );
    expect(statuses).toEqual(statuses.map(() => 401));
    expect((await digestOfAll()).length).toBe(1);
    await asOwner(
      'UPDATE platform.login_counter SET failures = 60 WHERE account_id IS NULL AND failures = 12',
    );
    // The throttle of a minute is one of each node; the failures are counted for all of them.
    const other = await startServer({
      ...(await besideShared()),
      TRUST_PROXY: '1',
      LOGIN_RATE_LIMIT_PER_MINUTE: '12',
    });
    try {
      const ask = (address: string) =>
        send('POST', `${other.url}/v1/auth/login`, {
          body: { tenant: tenant.slug, email: uniqueEmail(), password: 'x' },
          headers: { 'X-Forwarded-For': address },
        });
      const refused = await ask(from(99));
      expectProblem(refused, 429, 'rate_limited');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await ask('2001:db8:7:8::1')).status).toBe(401);
    } finally {
      await other.stop();
    }
  });
});
