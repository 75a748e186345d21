import { settled, verify, type Verification } from '../support/audit.js';
import { asOwner } from '../support/database.js';
import { world, type TenantWorld } from '../support/world.js';

const ENTRIES = 24;
/** At the beginning, in the middle, near the end. */
const PLACES = [1, 2, 11, 20];

/** What somebody with all rights on the database could do to the entry at that place, `$1`. */
const TAMPERINGS: readonly [what: string, statements: string[]][] = [
  ['the outcome was changed', ["UPDATE {schema}.audit_event SET outcome = 'denied' WHERE id = {entry}"]],
  [
    'the time was changed',
    ["UPDATE {schema}.audit_event SET created_at = created_at + '1 s' WHERE id = {entry}"],
  ],
  [
    'the actor was changed',
    ['UPDATE {schema}.audit_event SET actor_id = gen_random_uuid() WHERE id = {entry}'],
  ],
  ['the detail was changed', [`UPDATE {schema}.audit_event SET detail = '{"a":1}' WHERE id = {entry}`]],
  [
    'the values were exchanged for another entry’s',
    [
      'UPDATE {schema}.audit_event SET payload = (SELECT payload FROM {schema}.audit_event WHERE id = {other}) WHERE id = {entry}',
    ],
  ],
  ['it was deleted', ['DELETE FROM {schema}.audit_event WHERE id = {entry}']],
  ['its link was deleted', ['DELETE FROM {schema}.audit_link WHERE sequence = $1']],
  [
    'it was deleted with its link, and the rest moved up',
    [
      'DELETE FROM {schema}.audit_event WHERE id = {entry}',
      'DELETE FROM {schema}.audit_link WHERE sequence = $1',
      'UPDATE {schema}.audit_link SET sequence = -sequence WHERE sequence > $1',
      'UPDATE {schema}.audit_link SET sequence = -sequence - 1 WHERE sequence < 0',
    ],
  ],
  [
    'two were swapped',
    [
      `UPDATE {schema}.audit_link SET event_id = '00000000-0000-7000-8000-000000000000' WHERE sequence = $1`,
      `UPDATE {schema}.audit_link SET event_id = {entry} WHERE sequence = $1::int + 1`,
      `UPDATE {schema}.audit_link SET event_id = {other} WHERE sequence = $1`,
    ],
  ],
  [
    'the hash of its link was changed',
    [`UPDATE {schema}.audit_link SET hash = repeat('0', 64) WHERE sequence = $1`],
  ],
];

/** Ids are looked up first, since the statements themselves change what names them. */
async function tamper(tenantId: string, place: number, statements: readonly string[]): Promise<void> {
  const rows = await asOwner<{ id: string }>(
    'SELECT event_id AS id FROM {schema}.audit_link WHERE sequence IN ($1::int, $1::int + 1) ORDER BY sequence',
    [place],
    tenantId,
  );
  for (const statement of statements) {
    const sql = statement.replaceAll('{entry}', `'${rows[0]!.id}'`).replaceAll('{other}', `'${rows[1]!.id}'`);
    await asOwner(sql, sql.includes('$1') ? [place] : [], tenantId);
  }
}

const TABLES = ['audit_event', 'audit_link', 'audit_pending'];

async function keep(tenantId: string): Promise<() => Promise<void>> {
  const copy = TABLES.map(
    (table) => `CREATE TABLE {schema}.kept_${table} AS SELECT * FROM {schema}.${table}`,
  );
  const restore = TABLES.flatMap((table) => [
    `DELETE FROM {schema}.${table}`,
    `INSERT INTO {schema}.${table} SELECT * FROM {schema}.kept_${table}`,
    `DROP TABLE {schema}.kept_${table}`,
  ]);
  await asOwner(copy.join(';'), [], tenantId);
  return async () => {
    await asOwner(restore.join(';'), [], tenantId);
  };
}

describe('an audit log in which somebody with all rights on the database', () => {
  let tenant: TenantWorld;
  beforeAll(async () => {
    tenant = await world.tenant();
    for (let n = 0; n < ENTRIES; n++) await tenant.vendor();
    await verify(tenant.admin);
    await settled(tenant.id);
  });

  async function seen(change: () => Promise<void>): Promise<Verification> {
    const restore = await keep(tenant.id);
    try {
      await change();
      return await verify(tenant.admin);
    } finally {
      await restore();
      expect(await verify(tenant.admin)).toMatchObject({ valid: true });
    }
  }

  describe.each(TAMPERINGS)('has had it so that %s', (_, statements) => {
    it.each(PLACES)('at entry %i is found broken there', async (place) => {
      const found = await seen(() => tamper(tenant.id, place, statements));
      expect(found).toMatchObject({ valid: false, firstBad: place });
    });
  });

  it.each([1, 5, 20])('cut off the last %i entries is found to be too short', async (count) => {
    const [row] = await asOwner<{ newest: number }>(
      'SELECT max(sequence)::int AS newest FROM {schema}.audit_link',
      [],
      tenant.id,
    );
    const last = row!.newest - count;
    const found = await seen(async () => {
      await asOwner(
        'DELETE FROM {schema}.audit_event WHERE id IN (SELECT event_id FROM {schema}.audit_link WHERE sequence > $1)',
        [last],
        tenant.id,
      );
      await asOwner('DELETE FROM {schema}.audit_link WHERE sequence > $1', [last], tenant.id);
      // The log is not built upon, which would cover what is missing.
      await tenant.vendor();
    });
    expect(found).toEqual({
      valid: false,
      entries: last,
      head: expect.any(String) as string,
      firstBad: last + 1,
      fault: 'tail_missing',
    });
  });

  it('put an older copy in the place of the whole log is found out', async () => {
    const restoreOlder = await keep(tenant.id);
    for (let n = 0; n < 3; n++) await tenant.vendor();
    await settled(tenant.id);
    const [before] = await asOwner<{ sequence: number }>(
      'SELECT sequence::int FROM platform.audit_log WHERE log = $1',
      [tenant.id],
    );
    for (const table of TABLES)
      await asOwner(`CREATE TABLE {schema}.newer_${table} AS SELECT * FROM {schema}.${table}`, [], tenant.id);
    await restoreOlder();
    const found = await verify(tenant.admin);
    expect(found).toMatchObject({ valid: false, fault: 'tail_missing' });
    expect(found.firstBad).toBeLessThanOrEqual(before!.sequence);
    for (const table of TABLES) {
      await asOwner(`DELETE FROM {schema}.${table}`, [], tenant.id);
      await asOwner(`INSERT INTO {schema}.${table} SELECT * FROM {schema}.newer_${table}`, [], tenant.id);
      await asOwner(`DROP TABLE {schema}.newer_${table}`, [], tenant.id);
    }
    expect(await verify(tenant.admin)).toMatchObject({ valid: true });
  });

  it('smuggled an entry in is found out', async () => {
    const found = await seen(async () => {
      await asOwner(
        `INSERT INTO {schema}.audit_event SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid()))).*
           FROM {schema}.audit_event e LIMIT 1`,
        [],
        tenant.id,
      );
    });
    expect(found).toMatchObject({ valid: false, fault: 'entry_forged' });
  });

  it('removed only the hint that an entry waits delays its place in the chain, and no more', async () => {
    await tenant.vendor();
    await asOwner('DELETE FROM {schema}.audit_pending', [], tenant.id);
    expect(await verify(tenant.admin)).toMatchObject({ valid: true });
    await settled(tenant.id);
    const [row] = await asOwner<{ unlinked: number }>(
      `SELECT count(*)::int AS unlinked FROM {schema}.audit_event e
        WHERE NOT EXISTS (SELECT FROM {schema}.audit_link l WHERE l.event_id = e.id)`,
      [],
      tenant.id,
    );
    expect(row!.unlinked).toBe(0);
  });
});
