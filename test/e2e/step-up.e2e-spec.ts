import { accept, addAda, PASSWORD } from '../support/auth.js';
import { Client, send } from '../support/client.js';
import { linkToken } from '../support/command.js';
import { asOwner } from '../support/database.js';
import { registerPasskey } from '../support/passkeys.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import {
  ageProofs,
  codeOf,
  enrolTotp,
  finish,
  pend,
  rewindTotp,
  wrongCodeOf,
  type Pending,
  setAttempts,
} from '../support/second-factors.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD } from '../support/server.js';
import { world } from '../support/world.js';

const POLICY = '/v1/security-policy';

describe('a fresh proof', () => {
  const NEEDING: readonly [method: string, path: string, body?: object][] = [
    ['POST', '/v1/auth/mfa/totp'],
    ['POST', '/v1/auth/mfa/totp/confirm', { code: '123456' }],
    ['DELETE', '/v1/auth/mfa/totp'],
    ['POST', '/v1/auth/mfa/recovery-codes'],
    ['POST', '/v1/auth/passkeys/options'],
    ['POST', '/v1/auth/passkeys', {}],
    ['DELETE', '/v1/auth/passkeys/{id}'],
    ['PATCH', POLICY, { mfa: 'off' }],
    ['POST', '/v1/api-keys', {}],
    ['POST', '/v1/api-keys/{id}/rotate', {}],
    ['POST', '/v1/signing-keys', {}],
    ['POST', '/v1/agent-credentials', {}],
    ['DELETE', '/v1/users/{id}'],
    ['DELETE', '/v1/users/{id}/factors'],
    ['DELETE', '/v1/tenants/{id}'],
    ['POST', '/v1/tenants/{id}/export'],
  ];

  it('is needed by what the document says, and by nothing else', async () => {
    const { paths } = (await send('GET', '/openapi.json')).body as {
      paths: Record<string, Record<string, { 'x-step-up'?: boolean }>>;
    };
    const marked = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation['x-step-up'])
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    expect(marked.sort()).toEqual(NEEDING.map(([method, path]) => `${method} ${path}`).sort());
  });

  it('is asked for by each of them once it is five minutes old', async () => {
    const tenant = await world.tenant();
    const { id } = await addAda(tenant);
    const operator = await Client.signIn({ email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD });
    await ageProofs(tenant.admin.me.id, 301, tenant.id);
    const aged = 'UPDATE platform.session SET proved_at = $2 WHERE account_id = $1';
    await asOwner(aged, [operator.me.id, new Date(Date.now() - 301_000)]);
    for (const [method, path, body] of NEEDING) {
      const caller = path.startsWith('/v1/tenants') ? operator : tenant.admin;
      const answer = await caller.send(
        method,
        path.replace('{id}', path.includes('tenants') ? tenant.id : id),
        body,
      );
      expectProblem(answer, 403, 'step_up_required');
      expect(answer.body).toMatchObject({ methods: ['password'] });
    }
    expect((await tenant.admin.get(`/v1/users/${id}`)).status).toBe(200);
  });

  it('is the password for who has nothing better', async () => {
    const tenant = await world.tenant();
    const ada = await addAda(tenant);
    const client = await Client.signIn(ada);
    await ageProofs(ada.id, 301, tenant.id);
    const prove = (body: object) => client.post('/v1/auth/step-up', body);
    for (const [body, pointer] of [
      [{ method: 'password', password: 'wrong' }, '/password'],
      [{ method: 'password' }, '/password'],
      [{ method: 'totp', code: '123456' }, '/method'],
      [{ method: 'recovery_code', code: 'x' }, '/method'],
      [{ method: 'passkey' }, '/credential'],
    ] as const) {
      const answer = await prove(body);
      expectProblem(answer, 422, 'validation_failed');
      expect(pointersOf(answer)).toContain(pointer);
    }
    expect((await client.patch(POLICY, { mfa: 'off' })).status).toBe(403);
    expect((await prove({ method: 'password', password: PASSWORD })).status).toBe(200);
    expect((await client.patch(POLICY, { mfa: 'off' })).status).toBe(200);
  });

  it('is the second factor for who has one: the password, and a session begun with less, are not enough', async () => {
    const tenant = await world.tenant();
    const ada = await addAda(tenant);
    const client = await Client.signIn(ada);
    const { secret } = await enrolTotp(client, tenant.id);
    await ageProofs(ada.id, 301, tenant.id);
    expect((await client.post('/v1/auth/step-up', { method: 'password', password: PASSWORD })).status).toBe(
      422,
    );
    await asOwner("UPDATE {schema}.session SET proved_at = now(), methods = '{pwd}'", [], tenant.id);
    const refused = await client.patch(POLICY, { mfa: 'off' });
    expectProblem(refused, 403, 'step_up_required');
    expect(refused.body).toMatchObject({ methods: ['totp'] });
    const code = codeOf(secret);
    expect(
      (await client.post('/v1/auth/step-up', { method: 'totp', code: wrongCodeOf(secret) })).status,
    ).toBe(422);
    expect((await client.post('/v1/auth/step-up', { method: 'totp', code })).status).toBe(200);
    expect((await client.post('/v1/auth/step-up', { method: 'totp', code })).status).toBe(422);
    expect((await client.patch(POLICY, { mfa: 'off' })).status).toBe(200);
  });

  it('counts wrong proofs together with those of signing in', async () => {
    const tenant = await world.tenant();
    const ada = await addAda(tenant);
    const client = await Client.signIn(ada);
    const { secret } = await enrolTotp(client, tenant.id);
    for (let attempt = 0; attempt < 10; attempt++)
      await client.post('/v1/auth/step-up', { method: 'totp', code: wrongCodeOf(secret) });
    expect((await client.post('/v1/auth/step-up', { method: 'totp', code: codeOf(secret) })).status).toBe(
      422,
    );
    const { mfaToken } = await pend(ada);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret) })).status).toBe(401);
  });
});

describe('an Idempotency-Key', () => {
  it('neither undoes the count of wrong proofs nor keeps a secret that is told once', async () => {
    const tenant = await world.tenant();
    const ada = await addAda(tenant);
    const client = await Client.signIn(ada);
    const { secret } = await enrolTotp(client, tenant.id);
    const keyed = { 'idempotency-key': 'the same' };
    const made = [];
    for (let time = 0; time < 2; time++)
      made.push(await client.post('/v1/auth/mfa/recovery-codes', undefined, keyed));
    expect(made.map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, null]);
    expect(made[0]!.text).not.toBe(made[1]!.text);
    for (let attempt = 0; attempt < 10; attempt++) {
      const proof = { method: 'totp', code: wrongCodeOf(secret) };
      const headers = { 'idempotency-key': `attempt ${attempt}` };
      expect((await client.post('/v1/auth/step-up', proof, headers)).status).toBe(422);
    }
    const right = { method: 'totp', code: codeOf(secret) };
    expect((await client.post('/v1/auth/step-up', right, { 'idempotency-key': 'right' })).status).toBe(422);
  });
});

describe('an administrator', () => {
  it('takes the second factors off somebody who lost them, and ends their sessions', async () => {
    const tenant = await world.tenant();
    const ada = await addAda(tenant);
    const client = await Client.signIn(ada);
    await enrolTotp(client, tenant.id);
    await registerPasskey(client);
    await setAttempts(ada.id, 100);
    expect((await tenant.admin.delete(`/v1/users/${ada.id}/factors`)).status).toBe(204);
    expectProblem(await client.get('/v1/me'), 401, 'unauthenticated');
    const again = await Client.signIn(ada);
    expect((await again.get('/v1/auth/mfa')).body).toMatchObject({
      totpSince: null,
      passkeys: 0,
      recoveryCodesLeft: 0,
    });
    await enrolTotp(again, tenant.id);
    expectProblem(await tenant.admin.delete(`/v1/users/${tenant.admin.me.id}/factors`), 409, 'conflict');
  });

  it('gets no further by a new link: it sets the password alone', async () => {
    const tenant = await world.tenant();
    const ada = await addAda(tenant);
    const { secret } = await enrolTotp(await Client.signIn(ada), tenant.id);
    const token = await linkToken('user', 'link', '--tenant', tenant.slug, '--email', ada.email);
    const { mfaToken } = (await accept(token, `${PASSWORD} anew`)).body as unknown as Pending;
    await rewindTotp(ada.id, tenant.id);
    expect((await finish({ mfaToken, method: 'totp', code: wrongCodeOf(secret) })).status).toBe(401);
    expect((await finish({ mfaToken, method: 'totp', code: codeOf(secret) })).status).toBe(200);
  });
});
