import { UnavailableError } from '../../src/kernel/errors.js';
import { translateDatabaseError } from '../../src/platform/tenancy/database-errors.js';
import { tenantTable } from '../../src/platform/tenancy/tenant-schema.js';
import type { TenantConnection } from '../../src/platform/tenancy/binding/tenant-connection.js';
import { codeOf } from '../support/bindings.js';
import { KEEPING, OneConnection, times } from '../support/one-connection.js';

const VENDOR = tenantTable('vendor');

describe.each(KEEPING)('a prepared statement, bound by %s,', (mode) => {
  let one: OneConnection;
  beforeAll(async () => {
    one = await OneConnection.open(mode);
  });
  afterAll(() => one.end());

  const ownersQuery = (sql: string) => one.world.engine.ownerClient.query(sql);
  const inA = (sql: string) => sql.replaceAll('"__tenant__"', `"${one.world.a.schemaName}"`);

  describe('whose table has changed', () => {
    const text = `SELECT * FROM ${VENDOR} WHERE name = $1`;
    let column = 0;
    const ask = (connection: TenantConnection) => connection.query(text, ['belongs to a']);
    const change = () =>
      ownersQuery(`ALTER TABLE "${one.world.a.schemaName}".vendor ADD COLUMN c${++column} int DEFAULT 7`);
    beforeEach(() => times(8, () => one.as('a', ask)));

    it('is answered all the same outside a transaction, on the same connection', async () => {
      const pid = await one.backend();
      await change();
      const { rows } = await one.as('a', ask);
      expect(rows).toMatchObject([{ name: 'belongs to a', [`c${column}`]: 7 }]);
      await times(4, () => one.as('a', ask));
      expect(await one.prepared()).toContain(inA(text));
      expect(await one.backend()).toBe(pid);
    });

    it('fails inside a transaction in a way that says to try again, and on a new connection works', async () => {
      const pid = await one.backend();
      await change();
      const outcome = await one.as('a', async (connection) => {
        await connection.query('START TRANSACTION');
        await connection.query(`UPDATE ${VENDOR} SET name = 'never stored'`);
        const failure: unknown = await connection
          .query(text, ['never stored'])
          .catch((error: unknown) => error);
        await connection.query('ROLLBACK');
        return failure;
      });
      expect(outcome).toBeInstanceOf(UnavailableError);
      expect(translateDatabaseError({ driverError: outcome })).toBe(outcome);
      expect((outcome as UnavailableError).retryAfterSeconds).toBeGreaterThan(0);
      expect(await one.backend()).not.toBe(pid);
      await one.as('a', async (connection) => {
        await connection.query('START TRANSACTION');
        expect((await ask(connection)).rowCount).toBe(1);
        await connection.query('COMMIT');
      });
    });
  });

  it.each(['outside', 'inside'])(
    'whose name the server has lost is sent again %s a transaction only where that is safe',
    async (where) => {
      const pid = await one.backend();
      const lost = `SELECT name FROM ${VENDOR} WHERE name = $1 AND '${where}' <> ''`;
      await times(4, () => one.as('a', (connection) => connection.query(lost, ['belongs to a'])));
      // A value that cannot be sent makes node-pg close the statement in the server, and forget that it did.
      const circular: Record<string, unknown> = {};
      circular.self = circular;
      const again = one.as('a', async (connection) => {
        const broken = `SELECT $1::jsonb, '${where}'`;
        await codeOf(connection.query(broken, [circular]));
        await codeOf(connection.query(broken, [circular]));
        if (where === 'inside') await connection.query('START TRANSACTION');
        return connection.query(broken, [{ whole: true }]);
      });
      if (where === 'outside') {
        expect((await again).rows).toMatchObject([{ jsonb: { whole: true } }]);
        expect(await one.backend()).toBe(pid);
      } else {
        await expect(again).rejects.toBeInstanceOf(UnavailableError);
        expect(await one.backend()).not.toBe(pid);
      }
      expect((await one.as('a', (connection) => connection.query(lost, ['belongs to a']))).rowCount).toBe(1);
    },
  );
});
