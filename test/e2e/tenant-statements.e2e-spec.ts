import { tenantTable } from '../../src/platform/tenancy/tenant-schema.js';
import { BINDING_MODES, codeOf, Neighbours } from '../support/bindings.js';
import { KEEPING, OneConnection, times } from '../support/one-connection.js';
import { NAMED_STATEMENTS } from '../support/engine.js';

const INSUFFICIENT_PRIVILEGE = '42501';
const VENDOR = tenantTable('vendor');
const BY_NAME = `SELECT name FROM ${VENDOR} WHERE name = $1`;

const KEEPING_NONE = BINDING_MODES.filter((mode) => mode.startsWith('transaction'));

describe.each(KEEPING)('a statement with parameters, bound by %s,', (mode) => {
  let one: OneConnection;
  beforeAll(async () => {
    one = await OneConnection.open(mode);
  });
  afterAll(() => one.end());

  const ownersQuery = (sql: string) => one.world.engine.ownerClient.query(sql);
  const inA = (sql: string) => sql.replaceAll('"__tenant__"', `"${one.world.a.schemaName}"`);

  it('is prepared when it comes again, for each tenant by itself, and answers as before', async () => {
    for (const tenant of ['a', 'b'] as const) {
      const text = BY_NAME.replace('"__tenant__"', `"${one.world[tenant].schemaName}"`);
      const ask = () => one.as(tenant, (connection) => connection.query(BY_NAME, [`belongs to ${tenant}`]));
      expect((await ask()).rows).toHaveLength(1);
      expect(await one.prepared()).not.toContain(text);
      await times(8, async () => expect((await ask()).rows).toHaveLength(1));
      expect(await one.prepared()).toContain(text);
    }
    // The schema in the text is the only difference.
    expect(new Set(await one.prepared()).size).toBe(2);
  });

  it('that one tenant prepared is refused to another that sends the very same text', async () => {
    const text = inA(`SELECT * FROM ${VENDOR} WHERE name = $1`);
    await times(8, () => one.as('a', (connection) => connection.query(text, ['belongs to a'])));
    expect(await one.prepared()).toContain(text);
    const pid = await one.backend();
    await one.as('b', async (connection) => {
      // On the very connection that keeps it, plan and all.
      const { rows } = await connection.query(
        `SELECT pg_backend_pid() AS pid, (SELECT count(*)::int FROM pg_prepared_statements WHERE statement = $1) AS kept`,
        [text],
      );
      expect(rows).toEqual([{ pid, kept: 1 }]);
      expect(await codeOf(connection.query(text, ['belongs to a']))).toBe(INSUFFICIENT_PRIVILEGE);
    });
    // Who tried loses the connection.
    expect(await one.backend()).not.toBe(pid);
  });

  it('under row security is planned anew for another role', async () => {
    const { a, b } = one.world;
    await ownersQuery(`
      GRANT USAGE ON SCHEMA "${a.schemaName}" TO "${b.schemaName}";
      GRANT SELECT ON "${a.schemaName}".vendor TO "${b.schemaName}";
      ALTER TABLE "${a.schemaName}".vendor ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON "${a.schemaName}".vendor USING (current_user = '${a.schemaName}')`);
    try {
      const text = inA(`SELECT name FROM ${VENDOR} WHERE status = $1`);
      const ask = (tenant: 'a' | 'b') =>
        one.as(tenant, async (connection) => (await connection.query(text, ['active'])).rowCount);
      await times(8, async () => expect(await ask('a')).toBe(1));
      expect(await one.prepared()).toContain(text);
      expect(await ask('b')).toBe(0);
      expect(await ask('a')).toBe(1);
    } finally {
      await ownersQuery(`
        DROP POLICY own ON "${a.schemaName}".vendor;
        ALTER TABLE "${a.schemaName}".vendor DISABLE ROW LEVEL SECURITY;
        REVOKE SELECT ON "${a.schemaName}".vendor FROM "${b.schemaName}";
        REVOKE USAGE ON SCHEMA "${a.schemaName}" FROM "${b.schemaName}"`);
    }
  });

  it('makes room when there are too many: the backend never keeps more, and the used ones stay', async () => {
    const used = inA(`SELECT name FROM ${VENDOR} WHERE name = $1 AND true`);
    for (let length = 1; length <= 5 * NAMED_STATEMENTS; length++) {
      const list = Array.from({ length }, (_, index) => `$${index + 1}`);
      const values = list.map((_, index) => `belongs to ${index}`);
      await one.as('a', async (connection) => {
        await times(2, () =>
          connection.query(`SELECT name FROM ${VENDOR} WHERE name IN (${list.join(',')})`, values),
        );
        expect((await connection.query(used, ['belongs to a'])).rowCount).toBe(1);
      });
    }
    const prepared = await one.prepared();
    expect(prepared.length).toBeLessThanOrEqual(NAMED_STATEMENTS);
    expect(prepared).toContain(used);
    // One that was closed is prepared again as if it had never been.
    await one.as('a', (connection) => times(4, () => connection.query(BY_NAME, ['belongs to a'])));
    expect(await one.prepared()).toContain(inA(BY_NAME));
  });

  it('that never comes again is not prepared', async () => {
    const before = await one.prepared();
    for (let length = 1; length <= 20; length++) {
      const sum = Array.from({ length }, (_, index) => `$${index + 1}::int`).join(' + ');
      await one.as('a', (connection) => connection.query(`SELECT ${sum}`, Array(length).fill(1)));
    }
    expect(await one.prepared()).toEqual(before);
  });

  it('works on in many at once on one connection', async () => {
    await one.as('a', async (connection) => {
      const asked = Array.from({ length: 10 * NAMED_STATEMENTS }, (_, index) => (index % 20) + 1);
      const answers = await Promise.all(
        asked.map((number) => connection.query(`SELECT ${number} AS number, $1::text AS text`, ['x'])),
      );
      expect(answers.map(({ rows }) => (rows as { number: number }[])[0]!.number)).toEqual(asked);
    });
    expect((await one.prepared()).length).toBeLessThanOrEqual(NAMED_STATEMENTS);
  });

  it('of a transaction is never prepared, nor one without parameters', async () => {
    const before = await one.prepared();
    await times(4, () =>
      one.as('a', async (connection) => {
        await connection.query('START TRANSACTION');
        await connection.query(`SELECT name FROM ${VENDOR}`);
        await connection.query('COMMIT');
      }),
    );
    expect(await one.prepared()).toEqual(before);
  });
});

describe.each(KEEPING)('a tenant bound by %s', (mode) => {
  it('cannot list what is prepared on its connection', async () => {
    const world = await Neighbours.open(mode);
    try {
      for (const list of ['pg_prepared_statements', 'pg_prepared_statement()'])
        expect(await codeOf(world.sql(world.a, `SELECT statement FROM ${list}`))).toBe(
          INSUFFICIENT_PRIVILEGE,
        );
    } finally {
      await world.end();
    }
  });
});

describe.each(KEEPING_NONE)('bound by %s', (mode) => {
  it('nothing is prepared, since the session may be another’s next time', async () => {
    const one = await OneConnection.open(mode);
    try {
      await times(8, () => one.as('a', (connection) => connection.query(BY_NAME, ['belongs to a'])));
      expect(await one.prepared()).toEqual([]);
    } finally {
      await one.end();
    }
  });
});
