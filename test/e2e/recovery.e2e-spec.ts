import {
  accept,
  addAda,
  login,
  me,
  NEXT_PASSWORD,
  refresh,
  signIn,
  uniqueEmail,
  type Credentials,
} from '../support/auth.js';
import { send, type Answer } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { asOwner } from '../support/database.js';
import { mailsTo, mailTo } from '../support/mail.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import { OPERATOR_EMAIL } from '../support/server.js';
import { unique, world, type TenantWorld } from '../support/world.js';

type Ada = Credentials & { id: string };
const RESET_MAIL = 'Reset your password';
const CONFIRM_MAIL = 'Confirm your new e-mail address';
let tenant: TenantWorld;
beforeAll(async () => void (tenant = await world.tenant()));

const newUser = async (extra: object = {}): Promise<Ada> => {
  const email = uniqueEmail();
  return { ...(await addAda(tenant, { email, ...extra })), email };
};
const forgot = (email: string, slug = tenant.slug): Promise<Answer> =>
  send('POST', '/v1/auth/password/forgot', { body: { email, tenant: slug } });
const reset = (token: string, password = NEXT_PASSWORD): Promise<Answer> =>
  send('POST', '/v1/auth/password/reset', { body: { token, password } });
const resetToken = async (ada: Ada, count = 1): Promise<string> => {
  expect((await forgot(ada.email)).status).toBe(202);
  return (await mailTo(ada.email, RESET_MAIL, count)).token!;
};
const expectBadToken = (answer: Answer): void => {
  expectProblem(answer, 422, 'validation_failed');
  expect(pointersOf(answer)).toEqual(['/token']);
};

const change = async (ada: Ada, newEmail: string, currentPassword = ada.password): Promise<Answer> => {
  const { accessToken: token } = await signIn(ada);
  return send('POST', '/v1/auth/email', { token, body: { newEmail, currentPassword } });
};
const confirm = (token: string): Promise<Answer> =>
  send('POST', '/v1/auth/email/confirm', { body: { token } });

describe('a forgotten password', () => {
  it('is answered with 202 and nothing else, whoever asks for whom', async () => {
    const ada = await newUser();
    const answers = await Promise.all([
      forgot(ada.email),
      forgot(uniqueEmail()),
      forgot(ada.email, unique('nowhere')),
      send('POST', '/v1/auth/password/forgot', { body: { email: uniqueEmail() } }),
    ]);
    for (const { status, text } of answers) expect([status, text]).toEqual([202, '']);
    const { raw } = await mailTo(ada.email, RESET_MAIL);
    expect(raw).toContain('/docs#reset=pr_');
    expectProblem(await forgot('no address'), 422, 'validation_failed');
  });

  it('is replaced by the link, once, which ends all sessions, opens the lock and signs nobody in', async () => {
    const ada = await newUser();
    const { accessToken, refreshToken } = await signIn(ada);
    for (let count = 0; count < 10; count++) await login({ ...ada, password: 'wrong' });
    expect((await login(ada)).status).toBe(401);
    const token = await resetToken(ada);
    const unfit = await reset(token, 'short');
    expect([unfit.status, ...pointersOf(unfit)]).toEqual([422, '/password']);
    const done = await reset(token);
    expect([done.status, done.text]).toEqual([204, '']);
    expect((await me(accessToken)).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(401);
    expect((await login(ada)).status).toBe(401);
    await signIn({ ...ada, password: NEXT_PASSWORD });
    await mailTo(ada.email, 'Your password was changed');
    expectBadToken(await reset(token));
  });

  it('is set by one of 20 who use the link at once', async () => {
    const token = await resetToken(await newUser());
    const answers = await Promise.all(Array.from({ length: 20 }, () => reset(token)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 204)) expectBadToken(answer);
  });

  it.each([
    [
      'when its 30 minutes are over',
      async ({ id }: Ada) => {
        await asOwner(
          `UPDATE {schema}.account_token SET expires_at = expires_at - interval '30 minutes' WHERE account_id = $1`,
          [id],
          tenant.id,
        );
      },
    ],
    [
      'when another was asked for',
      async (ada: Ada) => {
        await resetToken(ada, 2);
      },
    ],
    [
      'when the password was changed',
      async (ada: Ada) => {
        const { accessToken: token } = await signIn(ada);
        const body = { currentPassword: ada.password, newPassword: `${NEXT_PASSWORD} two` };
        expect((await send('PUT', '/v1/auth/password', { token, body })).status).toBe(204);
      },
    ],
    [
      'when an administrator changed the address',
      async ({ id }: Ada) => {
        expect((await tenant.admin.patch(`/v1/users/${id}`, { email: uniqueEmail() })).status).toBe(200);
      },
    ],
    [
      'when the account was locked by an operator',
      async ({ email }: Ada) => {
        expect((await runCommand('user', 'lock', '--tenant', tenant.slug, '--email', email)).code).toBe(0);
      },
    ],
  ])('has a link that is void %s', async (_, spoil) => {
    const ada = await newUser();
    const token = await resetToken(ada);
    await spoil(ada);
    expectBadToken(await reset(token));
  });

  it('has a link that no other kind of token can stand for', async () => {
    const ada = await newUser();
    const { refreshToken, accessToken } = await signIn(ada);
    const token = await resetToken(ada);
    for (const text of [
      '',
      refreshToken,
      accessToken,
      token.replace('pr_', 'inv_'),
      token.replace('pr_', 'ec_'),
      `${token}=`,
    ])
      expectBadToken(await reset(text));
    expect((await accept(token, NEXT_PASSWORD)).status).toBe(422);
    expect((await send('POST', '/v1/auth/email/confirm', { body: { token } })).status).toBe(422);
    expect((await reset(token)).status).toBe(204);
  });

  it('is mailed five times an hour at most', async () => {
    const ada = await newUser();
    for (let count = 0; count < 8; count++) expect((await forgot(ada.email)).status).toBe(202);
    const other = await newUser();
    await resetToken(other);
    await mailTo(ada.email, RESET_MAIL, 5);
    expect(await mailsTo(ada.email)).toHaveLength(5);
  });

  it('can be an operator’s', async () => {
    const email = uniqueEmail();
    expect((await runCommand('operator', 'create', '--email', email)).code).toBe(0);
    expect((await send('POST', '/v1/auth/password/forgot', { body: { email } })).status).toBe(202);
    const { token } = await mailTo(email, RESET_MAIL);
    expect(token).toMatch(/^pr_0\./);
    expect((await reset(token!)).status).toBe(204);
    await signIn({ email, password: NEXT_PASSWORD });
  });
});

describe('an e-mail address', () => {
  it('changes once the link that is mailed there is opened, and the old one is told', async () => {
    const ada = await newUser();
    const newEmail = uniqueEmail();
    const unproven = await change(ada, newEmail, 'wrong');
    expect([unproven.status, ...pointersOf(unproven)]).toEqual([422, '/currentPassword']);
    expect((await change(ada, newEmail)).status).toBe(202);
    const { token } = await mailTo(newEmail, CONFIRM_MAIL);
    await mailTo(ada.email, 'A new e-mail address was asked for');
    await signIn(ada);
    const answers = await Promise.all(Array.from({ length: 20 }, () => confirm(token!)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    await mailTo(ada.email, 'Your e-mail address was changed');
    await signIn({ ...ada, email: newEmail });
    expect((await login(ada)).status).toBe(401);
    expectBadToken(await confirm(token!));
  });

  it('that another has is answered alike, and nobody is mailed there', async () => {
    const [ada, other] = [await newUser(), await newUser()];
    const answer = await change(ada, other.email);
    expect([answer.status, answer.text]).toEqual([202, '']);
    await mailTo(ada.email, 'A new e-mail address was asked for');
    expect(await mailsTo(other.email)).toEqual([]);
  });

  it('that another got meanwhile stays theirs', async () => {
    const ada = await newUser();
    const newEmail = uniqueEmail();
    expect((await change(ada, newEmail)).status).toBe(202);
    const { token } = await mailTo(newEmail, CONFIRM_MAIL);
    await newUser({ email: newEmail });
    expectProblem(await confirm(token!), 409, 'conflict');
    await signIn(ada);
  });
});

describe('an invitation', () => {
  it('is mailed to whoever is added without a password, and again on demand', async () => {
    const email = uniqueEmail();
    const user = await tenant.admin.create('/v1/users', { email, name: 'Ada <b>', roles: ['viewer'] });
    const first = await mailTo(email, `You are invited to The ${tenant.slug} (Ringfence)`);
    expect(first.token).toBe((user.invitation as { token: string }).token);
    expect(first.raw).toContain('Hello Ada &lt;b&gt;,');
    const again = await tenant.admin.post(`/v1/users/${user.id}/invitation`);
    expect([again.status, again.text]).toEqual([204, '']);
    const second = await mailTo(email, first.subject, 2);
    expect((await accept(first.token!, NEXT_PASSWORD)).status).toBe(422);
    const invited = await runCommand('user', 'invite', '--tenant', tenant.slug, '--email', email);
    expect([invited.code, invited.stderr]).toEqual([0, '']);
    const third = await mailTo(email, first.subject, 3);
    expect((await accept(second.token!, NEXT_PASSWORD)).status).toBe(422);
    expect((await accept(third.token!, NEXT_PASSWORD)).status).toBe(200);
  }, 60_000);

  it('is void once the address that it was mailed to is no longer the account’s', async () => {
    const [email, second] = [uniqueEmail(), uniqueEmail()];
    const user = await tenant.admin.create('/v1/users', { email, name: 'Ada', roles: ['viewer'] });
    const { token } = await mailTo(email, `You are invited to The ${tenant.slug} (Ringfence)`);
    expect((await tenant.admin.patch(`/v1/users/${user.id}`, { email: second })).status).toBe(200);
    expectBadToken(await accept(token!, NEXT_PASSWORD));

    const ada = await newUser();
    expect((await tenant.admin.post(`/v1/users/${ada.id}/invitation`)).status).toBe(204);
    const old = await mailTo(ada.email, `You are invited to The ${tenant.slug} (Ringfence)`);
    const third = uniqueEmail();
    await change(ada, third);
    expect((await confirm((await mailTo(third, CONFIRM_MAIL)).token!)).status).toBe(204);
    expectBadToken(await accept(old.token!, NEXT_PASSWORD));
  });

  it('says nothing of a stranger’s tenant', async () => {
    expectProblem(await (await world.operator()).post(`/v1/users/${tenant.admin.me.id}/invitation`), 403);
    expect((await mailsTo(OPERATOR_EMAIL)).filter(({ subject }) => subject.includes('invited'))).toEqual([]);
  });
});
