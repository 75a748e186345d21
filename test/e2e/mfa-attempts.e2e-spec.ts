import { accept, me, PASSWORD, refresh, refusalOf } from '../support/auth.js';
import { send, type Answer } from '../support/client.js';
import { linkToken, runCommand } from '../support/command.js';
import { asOwner, besideShared } from '../support/database.js';
import { mailTo } from '../support/mail.js';
import { expectProblem } from '../support/problem.js';
import {
  appOwner,
  attemptsOf,
  codeOf,
  finish,
  isSession,
  pend,
  rewindTotp,
  setAttempts,
  wrongCodeOf,
  type Pending,
} from '../support/second-factors.js';
import { startServer } from '../support/server.js';

const RESET_MAIL = 'Reset your password';

describe('attempts', () => {
  it('are five with one token, of whatever kind', async () => {
    const { credentials, secret, recoveryCodes } = await appOwner();
    const { mfaToken } = await pend(credentials);
    for (const method of ['totp', 'recovery_code', 'totp', 'recovery_code', 'totp'])
      expect((await finish({ mfaToken, method, code: wrongCodeOf(secret) })).status).toBe(401);
    await setAttempts(credentials.id, 0);
    expect((await finish({ mfaToken, method: 'recovery_code', code: recoveryCodes[0] })).status).toBe(401);
    const fresh = await pend(credentials);
    expect((await finish({ mfaToken: fresh.mfaToken, method: 'totp' })).status).toBe(422);
    const good = { mfaToken: fresh.mfaToken, method: 'recovery_code', code: recoveryCodes[0] };
    expect((await finish(good)).status).toBe(200);
  });

  it('lock after ten in a row over all tokens and kinds: the eleventh is refused even if right, and after a restart', async () => {
    const { credentials, secret, recoveryCodes } = await appOwner();
    const show = async (method: string, code: string, url = ''): Promise<Answer> => {
      const { mfaToken } = await pend(credentials, { url });
      return send('POST', `${url}/v1/auth/mfa`, { body: { mfaToken, method, code } });
    };
    const refusals = [];
    for (let attempt = 0; attempt < 10; attempt++)
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
    await asOwner('UPDATE platform.login_counter SET locked_until = now() WHERE account_id = $1', [
      credentials.id,
    ]);
    expect((await show('totp', codeOf(secret))).status).toBe(200);
    expect(await attemptsOf(credentials.id)).toEqual([]);
  }, 60_000);

  it('lock for a minute, twice as long each time, an hour at most; after a hundred for good', async () => {
    const { credentials, secret } = await appOwner();
    const wrongly = async (): Promise<void> => {
      const { mfaToken } = await pend(credentials);
      await finish({ mfaToken, method: 'totp', code: wrongCodeOf(secret) });
    };
    await wrongly();
    const lockAfter = async (failures: number): Promise<number> => {
      await setAttempts(credentials.id, failures - 1);
      await wrongly();
      const [most] = await attemptsOf(credentials.id);
      expect(most!.failures).toBe(failures);
      return Math.round((most!.seconds ?? 0) / 60);
    };
    expect([await lockAfter(9), await lockAfter(10), await lockAfter(12), await lockAfter(40)]).toEqual([
      0, 1, 4, 60,
    ]);
    await lockAfter(100);
    await asOwner('UPDATE platform.login_counter SET locked_until = NULL WHERE account_id = $1', [
      credentials.id,
    ]);
    const { mfaToken } = await pend(credentials);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret) })).status).toBe(401);
  });

  it('at the same time never pass together', async () => {
    const { credentials, secret } = await appOwner();
    const pendings = await Promise.all(Array.from({ length: 30 }, () => pend(credentials)));
    await Promise.all(
      pendings.map(({ mfaToken }) => finish({ mfaToken, method: 'totp', code: wrongCodeOf(secret) })),
    );
    expect((await attemptsOf(credentials.id)).map(({ failures }) => failures)).toEqual([10, 10]);
    const { mfaToken } = await pend(credentials);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret) })).status).toBe(401);
  });

  it('stay counted when the password is reset by mail, which asks for the second factor all the same', async () => {
    const { credentials, secret } = await appOwner();
    for (let attempt = 0; attempt < 10; attempt++) {
      const { mfaToken } = await pend(credentials);
      await finish({ mfaToken, method: 'totp', code: wrongCodeOf(secret) });
    }
    const begun = await pend(credentials);
    const { tenant, email } = credentials;
    expect((await send('POST', '/v1/auth/password/forgot', { body: { tenant, email } })).status).toBe(202);
    const password = `${PASSWORD} by mail`;
    const token = (await mailTo(email, RESET_MAIL)).token!;
    expect((await send('POST', '/v1/auth/password/reset', { body: { token, password } })).status).toBe(204);
    await asOwner('UPDATE platform.login_counter SET locked_until = NULL WHERE account_id = $1', [
      credentials.id,
    ]);
    const show = { method: 'totp', code: codeOf(secret) };
    expect((await finish({ mfaToken: begun.mfaToken, ...show })).status).toBe(401);
    expect((await attemptsOf(credentials.id)).map(({ failures }) => failures)).toEqual([10, 10]);
    const answer = await pend({ ...credentials, password });
    expect(answer).toMatchObject({ mfaRequired: true });
    expect(isSession(await finish({ mfaToken: answer.mfaToken, ...show }))).toBe(true);
  });

  it('are none of an account that was shut: neither its token nor its passkey nor its code is good', async () => {
    const { credentials, secret } = await appOwner();
    const { mfaToken } = await pend(credentials);
    const named = ['--tenant', credentials.tenant!, '--email', credentials.email];
    expect((await runCommand('user', 'lock', ...named)).code).toBe(0);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret) })).status).toBe(401);
  });
});

describe('the token of an unfinished sign-in', () => {
  it('is good for nothing else, and nothing else is good in its place', async () => {
    const { credentials, client, secret } = await appOwner();
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
    const [one, other] = [await appOwner(), await appOwner()];
    const { mfaToken } = await pend(one.credentials);
    const moved = mfaToken.replace(one.tenant.id, other.tenant.id);
    expect(moved).not.toBe(mfaToken);
    for (const token of [moved, mfaToken])
      expect((await finish({ mfaToken: token, method: 'totp', code: codeOf(other.secret) })).status).toBe(
        401,
      );
  });

  it('ends with the password that it stands for, and with its time', async () => {
    const { credentials, client, secret, tenant } = await appOwner();
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
    const { credentials, secret } = await appOwner();
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
