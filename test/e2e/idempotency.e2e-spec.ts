import { createHash } from 'node:crypto';
import type { Client, Resource } from '../support/client.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import { asOwner } from '../support/database.js';
import { countByName, key, newVendor, replayed } from '../support/keyed-requests.js';
import { form } from '../support/stored-files.js';
import { unique, world, type TenantWorld } from '../support/world.js';

describe('a POST with an Idempotency-Key', () => {
  let tenant: TenantWorld;
  let admin: Client;
  beforeAll(async () => {
    tenant = await world.tenant();
    admin = tenant.admin;
  });

  it('counts once, and is answered the second time as the first', async () => {
    const [body, headers] = [newVendor(), key()];
    const first = await admin.post('/v1/vendors', body, headers);
    const second = await admin.post('/v1/vendors', body, headers);
    expect([first.status, replayed(first)]).toEqual([201, null]);
    expect([second.status, replayed(second)]).toEqual([201, 'true']);
    expect(second.text).toBe(first.text);
    for (const name of ['location', 'etag', 'content-type'])
      expect(second.headers.get(name)).toBe(first.headers.get(name));
    expect(await countByName(admin, '/v1/vendors', body.name)).toBe(1);
  });

  it('is answered as the first time even when the resource has changed since', async () => {
    const [body, headers] = [newVendor(), key()];
    const first = await admin.post('/v1/vendors', body, headers);
    await admin.patch(`/v1/vendors/${(first.body as Resource).id}`, { name: 'Renamed' });
    expect((await admin.post('/v1/vendors', body, headers)).text).toBe(first.text);
  });

  it('counts once among twenty at the same time; who comes too early is told so', async () => {
    const [body, headers] = [newVendor(), key()];
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => admin.post('/v1/vendors', body, headers)),
    );
    for (const answer of answers.filter(({ status }) => status !== 201))
      expectProblem(answer, 409, 'idempotency_key_in_use');
    const ids = answers.filter(({ status }) => status === 201).map(({ body: made }) => (made as Resource).id);
    expect(new Set(ids).size).toBe(1);
    expect(await countByName(admin, '/v1/vendors', body.name)).toBe(1);
  });

  it('is refused with another body, or on another route', async () => {
    const headers = key();
    const vendor = (await admin.post('/v1/vendors', newVendor(), headers)).body as Resource;
    for (const answer of [
      await admin.post('/v1/vendors', newVendor(), headers),
      await admin.post('/v1/agents', { vendorId: vendor.id, name: 'A', kind: 'human' }, headers),
    ]) {
      expectProblem(answer, 422, 'validation_failed');
      expect(pointersOf(answer)).toEqual(['/headers/idempotency-key']);
    }
  });

  it('keeps nothing of a refusal, so that the corrected request may use the key', async () => {
    const headers = key();
    expectProblem(await admin.post('/v1/vendors', { name: '' }, headers), 422);
    const answer = await admin.post('/v1/vendors', newVendor(), headers);
    expect([answer.status, replayed(answer)]).toEqual([201, null]);
  });

  it("is none of another caller's business, in the same tenant or in another", async () => {
    const [body, headers] = [newVendor(), key()];
    const callers = [admin, await tenant.user({ roles: ['tenant_admin'] }), (await world.tenant()).admin];
    const answers = await Promise.all(callers.map((caller) => caller.post('/v1/vendors', body, headers)));
    expect(answers.map((answer) => [answer.status, replayed(answer)])).toEqual(
      callers.map(() => [201, null]),
    );
    expect(new Set(answers.map(({ body: made }) => (made as Resource).id)).size).toBe(3);
  });

  it('is still refused to who may not call the route any more', async () => {
    const user = await tenant.user({ roles: ['tenant_admin'] });
    const [body, headers] = [newVendor(), key()];
    expect((await user.post('/v1/vendors', body, headers)).status).toBe(201);
    await admin.patch(`/v1/users/${user.me.id}`, { roles: ['viewer'] });
    expectProblem(await user.post('/v1/vendors', body, headers), 403);
  });

  it.each([
    ['none', ''],
    ['256', 'x'.repeat(256)],
  ])('is refused with a key of %s characters', async (_, value) => {
    expectProblem(await admin.post('/v1/vendors', newVendor(), key(value)), 400, 'malformed_request');
  });

  it('takes any key of 255 characters', async () => {
    const headers = key(`!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~ é${'x'.repeat(220)}`.slice(0, 255));
    const body = newVendor();
    expect((await admin.post('/v1/vendors', body, headers)).status).toBe(201);
    expect(replayed(await admin.post('/v1/vendors', body, headers))).toBe('true');
  });

  it('leaves nothing readable of key, request and answer in the database', async () => {
    const body = {
      email: `${unique('ada')}@ringfence.test`,
      name: unique('Ada'),
      password: `Passphrase ${unique('of-ada')}`,
      roles: ['viewer'],
    };
    const headers = key();
    const first = await admin.post('/v1/users', body, headers);
    expect(first.status).toBe(201);
    expect((await admin.post('/v1/users', body, headers)).text).toBe(first.text);
    const rows = await asOwner<{ line: string }>(
      'SELECT k::text AS line FROM {schema}.idempotency_key k',
      [],
      tenant.id,
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { line } of rows)
      for (const secret of [body.email, body.name, body.password, headers['idempotency-key']])
        expect(line).not.toContain(secret);
  });

  it('gives nothing to try guesses of a password against', async () => {
    const body = {
      email: `${unique('bob')}@ringfence.test`,
      name: 'Bob',
      password: `Passphrase ${unique('x')}`,
    };
    const content = JSON.stringify({ ...body, roles: ['viewer'] });
    const headers = key();
    expect((await admin.post('/v1/users', JSON.parse(content), headers)).status).toBe(201);
    const rows = await asOwner<{ line: string }>(
      'SELECT k::text AS line FROM {schema}.idempotency_key k',
      [],
      tenant.id,
    );
    const bare = (text: string) => createHash('sha256').update(text).digest('base64url');
    for (const { line } of rows)
      for (const guess of [
        headers['idempotency-key'],
        content,
        JSON.stringify(['POST', '/v1/users', content]),
      ])
        expect(line).not.toContain(bare(guess));
  });

  it('counts once for an upload, however its parts are delimited', async () => {
    const vendor = await tenant.vendor();
    const headers = key();
    const send = (text: string, label = 'contract') =>
      admin.post(
        `/v1/vendors/${vendor.id}/files`,
        form(Buffer.from(text), 'a.txt', 'text/plain', { label }),
        headers,
      );
    const first = await send('one');
    const second = await send('one');
    expect([first.status, replayed(first), second.status, replayed(second)]).toEqual([
      201,
      null,
      201,
      'true',
    ]);
    expect(second.text).toBe(first.text);
    expectProblem(await send('two'), 422);
    expectProblem(await send('one', 'another label'), 422);
    const { body } = await admin.get(`/v1/vendors/${vendor.id}/files`);
    expect((body as { data: unknown[] }).data).toHaveLength(1);
  });

  it('counts once for an operator, too', async () => {
    const operator = await world.operator();
    const slug = unique('keyed');
    const body = { slug, name: slug, admin: { email: 'admin@ringfence.test' } };
    const headers = key();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => operator.post('/v1/tenants', body, headers)),
    );
    const first = answers.find(({ status }) => status === 201);
    for (const answer of answers.filter((one) => one !== first))
      expectProblem(answer, 409, 'idempotency_key_in_use');
    const second = await operator.post('/v1/tenants', body, headers);
    expect([second.status, replayed(second), second.text]).toEqual([201, 'true', first?.text]);
    expectProblem(await operator.post('/v1/tenants', { ...body, name: 'Another' }, headers), 422);
  });

  it('is forgotten after 24 hours', async () => {
    const [body, headers] = [newVendor(), key()];
    await admin.post('/v1/vendors', body, headers);
    await asOwner(
      "UPDATE {schema}.idempotency_key SET created_at = created_at - interval '24 hours 1 second'",
      [],
      tenant.id,
    );
    const answer = await admin.post('/v1/vendors', body, headers);
    expect([answer.status, replayed(answer)]).toEqual([201, null]);
    expect(await countByName(admin, '/v1/vendors', body.name)).toBe(2);
  });

  it('is forgotten after 24 hours, however many older ones wait to be cleared', async () => {
    const [body, headers] = [newVendor(), key()];
    await admin.post('/v1/vendors', body, headers);
    await asOwner(
      `INSERT INTO {schema}.idempotency_key (caller_id, key_hash, fingerprint, created_at)
       SELECT gen_random_uuid(), n::text, '', now() - interval '30 hours' FROM generate_series(1, 100) n`,
      [],
      tenant.id,
    );
    await asOwner(
      "UPDATE {schema}.idempotency_key SET created_at = created_at - interval '24 hours 1 second'",
      [],
      tenant.id,
    );
    const answer = await admin.post('/v1/vendors', body, headers);
    expect([answer.status, replayed(answer)]).toEqual([201, null]);
  });
});
