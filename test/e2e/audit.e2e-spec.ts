import { v7 as uuidv7 } from 'uuid';
import { entriesOf, entriesOfRequest, settled, verify } from '../support/audit.js';
import { login } from '../support/auth.js';
import { send, type Client, type Resource } from '../support/client.js';
import { asOwner } from '../support/database.js';
import { expectProblem } from '../support/problem.js';
import { unique, world, type TenantWorld } from '../support/world.js';

describe('the audit log', () => {
  let tenant: TenantWorld;
  let auditor: Client;
  beforeAll(async () => {
    tenant = await world.tenant();
    auditor = await tenant.as('auditor');
  });

  it('tells who made, changed and removed a thing, with the old and the new values', async () => {
    const { admin } = tenant;
    const vendor = await tenant.vendor({ name: 'Before' });
    const path = `/v1/vendors/${vendor.id}`;
    const changed = await admin.patch(path, { name: 'After', taxId: 'DE123' }, { 'user-agent': 'Test/1.0' });
    await admin.delete(path);
    const [removal, change, creation] = await entriesOf(admin, `&targetId=${vendor.id}`);
    expect(creation).toMatchObject({
      action: 'sensitive_create',
      outcome: 'success',
      actor: { kind: 'user', id: admin.me.id, impersonatorId: null },
      target: { type: 'vendor', id: vendor.id },
      changes: { before: null, after: { name: 'Before' } },
    });
    expect(change).toMatchObject({
      action: 'sensitive_update',
      changes: { before: { name: 'Before', taxId: null }, after: { name: 'After', taxId: 'DE123' } },
      address: expect.stringContaining('127.0.0.1') as string,
      userAgent: 'Test/1.0',
      requestId: changed.headers.get('x-request-id'),
    });
    expect(Object.keys(change!.changes!.after!)).toEqual(['name', 'taxId']);
    expect(removal).toMatchObject({
      action: 'sensitive_delete',
      changes: { before: { name: 'After' }, after: null },
    });
  });

  it('tells of users by their own words, and of what their passwords are nothing', async () => {
    const user = await tenant.user({ roles: ['viewer'] });
    const [entry] = await entriesOf(tenant.admin, `&action=user_created&targetId=${user.me.id}`);
    expect(entry!.changes!.after).toMatchObject({ roles: ['viewer'], passwordHash: '(withheld)' });
  });

  it('has no entry of a success that was rolled back', async () => {
    const email = `${unique('taken')}@ringfence.test`;
    const body = { email, name: 'One', roles: ['viewer'] };
    await tenant.admin.create('/v1/users', body);
    const refused = await tenant.admin.post('/v1/users', { ...body, name: 'Two' });
    expectProblem(refused, 409);
    const entries = await entriesOfRequest(tenant.admin, refused.headers.get('x-request-id'));
    expect(entries.filter(({ outcome }) => outcome === 'success')).toEqual([]);
  });

  it('has an entry of what a role was denied, and of another’s thing as of one that is not there', async () => {
    const viewer = await tenant.as('viewer');
    const vendor = await tenant.vendor();
    const denied = await viewer.delete(`/v1/vendors/${vendor.id}`);
    expectProblem(denied, 403);
    expect(await entriesOfRequest(tenant.admin, denied.headers.get('x-request-id'))).toMatchObject([
      {
        action: 'authz_fail',
        outcome: 'denied',
        actor: { kind: 'user', id: viewer.me.id },
        target: { type: 'vendor', id: vendor.id },
        detail: { route: 'DELETE /v1/vendors/:id', code: 'forbidden' },
      },
    ]);
    const vendorUser = await tenant.as('vendor');
    for (const id of [vendor.id, uuidv7()]) {
      const absent = await vendorUser.get(`/v1/vendors/${id}`);
      expectProblem(absent, 404);
      expect(await entriesOfRequest(tenant.admin, absent.headers.get('x-request-id'))).toMatchObject([
        { action: 'authz_fail', outcome: 'denied', target: { type: 'vendor', id } },
      ]);
    }
  });

  it('is read by administrators and auditors, and by nobody else', async () => {
    for (const role of ['viewer', 'vendor'] as const)
      for (const path of ['', '/verify', '/stream'])
        expectProblem(await (await tenant.as(role)).get(`/v1/audit-events${path}`), 403);
    expectProblem(await send('GET', '/v1/audit-events'), 401);
    expect((await auditor.get('/v1/audit-events')).status).toBe(200);
  });

  it('tells that it was read, once for many readings', async () => {
    const reader = await tenant.as('auditor');
    for (let n = 0; n < 5; n++) await entriesOf(reader);
    const entries = await entriesOf(tenant.admin, `&action=sensitive_read&actorId=${reader.me.id}`);
    expect(entries).toMatchObject([
      { target: { type: 'audit_log', id: tenant.id }, detail: { how: 'list' } },
    ]);
  });

  it('masks personal values for those who may not read them', async () => {
    const vendor = await tenant.vendor({ contactEmail: 'planted.person@example.com' });
    const answer = await auditor.get(`/v1/audit-events?targetId=${vendor.id}`);
    expect(answer.text).toContain('p•••@example.com');
    expect(answer.text).not.toContain('planted.person');
    expect(answer.text).not.toContain('127.0.0.1');
    const streamed = await auditor.get('/v1/audit-events/stream');
    expect(streamed.text).not.toMatch(/planted\.person|127\.0\.0\.1|"salt"/);
    const [seen] = await entriesOf(tenant.admin, `&targetId=${vendor.id}`);
    expect(seen!.changes!.after).toMatchObject({ contactEmail: 'planted.person@example.com' });
  });

  it('shows a role of the tenant’s own no field that the role leaves out, and nothing unmasked for a right to one’s own', async () => {
    const vendor = await tenant.vendor({ taxId: 'DE987654321', contactEmail: 'planted.person@example.com' });
    const reader = async (permissions: string[], exceptFields: string[] = []): Promise<Client> => {
      const name = unique('role').replace('-', '_');
      await tenant.admin.create('/v1/roles', {
        name,
        permissions: ['audit_events:read:any', 'vendors:read:any', ...permissions],
        exceptFields,
      });
      return tenant.user({ roles: [name], vendorId: vendor.id });
    };
    const readers = [
      await reader(['personal_data:read:own']),
      await reader(['personal_data:read:any'], ['vendors.taxId:read']),
    ];
    const path = `/v1/audit-events?targetId=${vendor.id}`;
    const [own, without] = await Promise.all(readers.map((client) => client.get(path)));
    expect(own!.text).not.toMatch(/planted\.person|DE987654321/);
    expect(without!.text).toContain('planted.person');
    for (const seen of [without!, await readers[1]!.get('/v1/audit-events/stream')])
      expect(seen.text).not.toContain('DE987654321');
  });

  it('has one entry of a request that was sent twice with one Idempotency-Key', async () => {
    const headers = { 'idempotency-key': unique('key') };
    const body = { name: unique('Vendor'), contactEmail: 'v@ringfence.test' };
    for (let n = 0; n < 2; n++)
      expect((await tenant.admin.post('/v1/vendors', body, headers)).status).toBe(201);
    const entries = (await entriesOf(tenant.admin, '&action=sensitive_create')).filter(
      ({ changes, detail }) => changes?.after?.['name'] === body.name || 'route' in detail,
    );
    expect(entries.filter(({ target }) => target?.type === 'vendor')).toHaveLength(1);
    expect(entries.filter(({ detail }) => detail['route'] === 'POST /v1/vendors')).toEqual([]);
  });

  it('holds no personal value, secret or token in clear in the database', async () => {
    const secrets = [unique('secretvalue'), unique('Passphrase long enough')];
    const vendor = await tenant.vendor({ legalName: secrets[0] });
    await tenant.admin.patch(`/v1/vendors/${vendor.id}`, { legalName: `${secrets[0]} again` });
    const email = `${unique('person')}@ringfence.test`;
    await tenant.admin.create('/v1/users', { email, name: 'P', password: secrets[1], roles: ['viewer'] });
    await login({ tenant: tenant.slug, email, password: secrets[1]! });
    const rows = await asOwner<{ line: string }>(
      'SELECT row_to_json(e)::text AS line FROM {schema}.audit_event e',
      [],
      tenant.id,
    );
    expect(rows.length).toBeGreaterThan(5);
    const text = rows.map(({ line }) => line).join('\n');
    for (const planted of [...secrets, tenant.admin.token, '127.0.0.1', '$2'])
      expect(text).not.toContain(planted);
  });

  it('is each tenant’s own; the operator’s is the platform’s', async () => {
    const other = await world.tenant();
    const vendor = await tenant.vendor();
    expect(await entriesOf(other.admin, `&targetId=${vendor.id}`)).toEqual([]);
    const operator = await world.operator();
    expect(await entriesOf(operator, `&targetId=${vendor.id}`)).toEqual([]);
    await operator.patch(`/v1/tenants/${other.id}`, { policy: { vendors: 7 } });
    await operator.post(`/v1/tenants/${other.id}/suspend`, { reason: 'unpaid' });
    await operator.post(`/v1/tenants/${other.id}/resume`);
    const entries = await entriesOf(operator, `&targetId=${other.id}&sort=createdAt`);
    expect(entries.map(({ action }) => action)).toEqual([
      'tenant_created',
      'tenant_updated',
      'tenant_suspended',
      'tenant_resumed',
    ]);
    expect(entries[1]!.changes).toEqual({ before: { policy: {} }, after: { policy: { vendors: 7 } } });
    expect(entries.every(({ actor }) => actor.id === operator.me.id)).toBe(true);
  });

  it('goes on while the tenant is read-only', async () => {
    const frozen = await world.tenant();
    await (await world.operator()).post(`/v1/tenants/${frozen.id}/suspend`, { mode: 'read_only' });
    const denied = await frozen.admin.post('/v1/vendors', { name: 'No', contactEmail: 'a@ringfence.test' });
    expectProblem(denied, 403, 'tenant_read_only');
    expect(await entriesOfRequest(frozen.admin, denied.headers.get('x-request-id'))).toMatchObject([
      { action: 'authz_fail', outcome: 'denied', detail: { code: 'tenant_read_only' } },
    ]);
  });

  it('pages without missing or repeating an entry', async () => {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const query = cursor === null ? '' : `&cursor=${cursor}`;
      const { body } = await tenant.admin.get(`/v1/audit-events?limit=7&sort=createdAt${query}`);
      const { data, page } = body as { data: Resource[]; page: { nextCursor: string | null } };
      ids.push(...data.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(10);
  });

  it.each(['action=nothing', 'actorId=1', 'outcome=maybe', 'from=yesterday', 'sort=name', 'x=1'])(
    'refuses the filter %s, naming the field',
    async (query) => {
      const answer = await tenant.admin.get(`/v1/audit-events?${query}`);
      expectProblem(answer, 422);
      expect(answer.text).toContain(`/query/${query.split('=')[0]}`);
    },
  );

  it('cannot be changed by the tenant’s role, whatever it sends', async () => {
    const [row] = await asOwner<{ schema: string }>(
      'SELECT schema_name AS schema FROM platform.tenant WHERE id = $1',
      [tenant.id],
    );
    const rights = await asOwner<{ table: string; rights: string }>(
      `SELECT t AS table, (SELECT string_agg(r, ' ' ORDER BY r) FROM unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','TRIGGER','REFERENCES']) r
                WHERE has_table_privilege($1, '{schema}.' || t, r)) AS rights
         FROM unnest(ARRAY['audit_event', 'audit_link']) t ORDER BY t`,
      [row!.schema],
      tenant.id,
    );
    expect(rights).toEqual([
      { table: 'audit_event', rights: 'INSERT SELECT' },
      { table: 'audit_link', rights: 'INSERT SELECT' },
    ]);
    const ofRegistry = await asOwner<{ may: boolean }>(
      `SELECT bool_or(has_table_privilege(r.rolname, 'platform.' || t, 'UPDATE, DELETE, TRUNCATE')) AS may
         FROM pg_roles r, unnest(ARRAY['audit_event', 'audit_link']) t WHERE r.rolname LIKE '%\\_registry'`,
    );
    expect(ofRegistry).toEqual([{ may: false }]);
  });

  it('is whole after all of that', async () => {
    await settled(tenant.id);
    const { valid, entries, head } = await verify(auditor);
    expect({ valid, head }).toEqual({ valid: true, head: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(entries).toBeGreaterThan(20);
    expect(await verify(await world.operator())).toMatchObject({ valid: true });
  });
});
