import type { EntityManager } from 'typeorm';
import { Vendor } from '../../src/features/vendors/vendor.entity.js';
import { UnavailableError } from '../../src/kernel/errors.js';
import { translateDatabaseError } from '../../src/platform/tenancy/database-errors.js';
import { NoTenantError } from '../../src/platform/tenancy/tenant-context.js';
import type { TenantBinding } from '../../src/platform/tenancy/tenant-binding.js';
import { tenantTable } from '../../src/platform/tenancy/tenant-schema.js';
import { BINDING_MODES, codeOf, Neighbours } from '../support/bindings.js';

const INSUFFICIENT_PRIVILEGE = '42501';
const TENANTS = 20;
const OPERATIONS = 500;
/** Of one tenant at a time. */
const OVERLAPPING = 5;

describe.each(BINDING_MODES)('a tenant bound by %s', (mode) => {
  let world: Neighbours;
  beforeAll(async () => {
    world = await Neighbours.open(mode);
  });
  afterAll(() => world.end());

  const manager = (): EntityManager => world.engine.context.manager;

  it('has its own rows', async () => {
    expect(await world.as(world.a, () => world.names())).toEqual(['belongs to a']);
    expect(await world.as(world.b, () => world.names())).toEqual(['belongs to b']);
  });

  it('is needed before any connection opens', async () => {
    const { context, model } = world.engine;
    expect(() => context.manager).toThrow(NoTenantError);
    expect(() => context.open(() => context.manager)).toThrow(NoTenantError);
    expect(() => model.createQueryRunner()).toThrow('without a tenant');
    await expect(async () => model.getRepository(Vendor).createQueryBuilder().getMany()).rejects.toThrow(
      'without a tenant',
    );
  });

  it('has a login without any right on a tenant schema, and no right on its neighbour itself', async () => {
    const { a, b, engine } = world;
    const client = await engine.loginClient(a.loginShard);
    const select = (table: string) => codeOf(client.query(`SELECT * FROM ${table}`));
    expect(await select(`"${a.schemaName}".vendor`)).toBe(INSUFFICIENT_PRIVILEGE);
    expect(await select('platform.operator')).toBe(INSUFFICIENT_PRIVILEGE);
    await client.query(`SET ROLE "${a.schemaName}"`);
    expect(await select(`"${b.schemaName}".vendor`)).toBe(INSUFFICIENT_PRIVILEGE);
    await client.end();
    expect(await codeOf(world.sql(a, `SELECT * FROM "${b.schemaName}"."vendor"`))).toBe(
      INSUFFICIENT_PRIVILEGE,
    );
  });

  it('has the limits and an empty search_path inside its statements', async () => {
    const [row] = await world.sql<Record<string, string | null>>(
      world.a,
      `SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS statement,
              current_setting('lock_timeout') AS lock, current_setting('idle_in_transaction_session_timeout') AS idle,
              current_setting('transaction_timeout', true) AS transaction`,
    );
    expect(row).toEqual({
      path: expect.stringMatching(/^(|"")$/) as string,
      statement: '5s',
      lock: '2s',
      idle: '5s',
      // PostgreSQL knows it since version 17.
      transaction: Number.parseInt(world.engine.owner.serverVersion, 10) < 17 ? null : '20s',
    });
  });

  it('sends nothing over a connection it gave back', async () => {
    const [connection, release] = await world.engine.pool.lease(world.a);
    release();
    await expect(connection.query('SELECT 1')).rejects.toThrow('given back');
  });

  it('must be one that exists', async () => {
    const { a, engine } = world;
    await expect(engine.pool.lease({ ...a, schemaName: 't_a"; DROP ROLE x' })).rejects.toThrow(
      'not the name',
    );
    expect(await codeOf(world.sql({ ...a, schemaName: `t_${'a'.repeat(26)}` }, 'SELECT 1'))).toMatch(
      // The extension knows no SQLSTATE of its own for it.
      mode === 'set_user' ? /XX000/ : /22023|0P000/,
    );
  });

  it('has its role inside transactions and savepoints', async () => {
    const role = async (m: EntityManager) =>
      (await m.query<{ r: string }[]>('SELECT current_user::text AS r'))[0]?.r;
    await world.as(world.b, () =>
      world.engine.context.transaction(async () => {
        expect(await role(manager())).toBe(world.b.schemaName);
        await manager().transaction(async (inner) => expect(await role(inner)).toBe(world.b.schemaName));
        await manager()
          .transaction((inner) => inner.query('SELECT 1/0'))
          .catch(() => undefined);
        expect(await role(manager())).toBe(world.b.schemaName);
        const both = await Promise.all([role(manager()), role(manager())]);
        expect(both).toEqual([world.b.schemaName, world.b.schemaName]);
      }),
    );
  });

  it('gives no open and no failed transaction to the next', async () => {
    const { context } = world.engine;
    const failing = world.as(world.a, () =>
      context.transaction(async () => {
        await world.addVendor('never stored');
        throw new Error('changed my mind');
      }),
    );
    await expect(failing).rejects.toThrow('changed my mind');
    for (const last of [`UPDATE ${tenantTable('vendor')} SET name = 'changed'`, 'SELECT 1/0']) {
      await world.as(world.a, async () => {
        const runner = manager().dataSource.createQueryRunner();
        await runner.startTransaction();
        await runner.manager.query(last).catch(() => undefined);
        await runner.release();
      });
    }
    for (let times = 0; times < 10; times++)
      expect(await world.as(world.a, () => world.names())).toEqual(['belongs to a']);
  });

  it('never sees another, through many overlapping operations with errors, aborts and ended backends', async () => {
    const { engine } = world;
    const tenants = await Promise.all(
      Array.from({ length: TENANTS }, (_, index) => engine.newTenant(index % 4)),
    );
    for (const tenant of tenants) await world.as(tenant, () => world.addVendor(tenant.schemaName));
    let answered = 0;
    let refused = 0;
    const operate = async (tenant: TenantBinding, number: number) => {
      const caller = new AbortController();
      if (number % 11 === 0) setTimeout(() => caller.abort(), number % 7);
      await engine.openBound(tenant, caller.signal, async () => {
        if (number % 7 === 0) await codeOf(manager().query('SELECT 1/0'));
        const read = () => world.names();
        const seen = await (number % 3 === 0 ? engine.context.transaction(read) : read()).catch(
          (error: unknown) => {
            if (!(translateDatabaseError(error) instanceof UnavailableError)) throw error;
            refused++;
          },
        );
        if (!seen) return;
        expect(seen).toEqual([tenant.schemaName]);
        answered++;
      });
    };
    const work = async (tenant: TenantBinding, first: number) => {
      for (let number = first; number < OPERATIONS; number += OVERLAPPING) await operate(tenant, number);
    };
    const killer = setInterval(() => {
      void engine.ownerClient.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND usename LIKE '%login%' AND random() < 0.3`,
        [engine.applicationName],
      );
    }, 1000);
    await Promise.all(
      tenants.flatMap((tenant) => Array.from({ length: OVERLAPPING }, (_, first) => work(tenant, first))),
    ).finally(() => clearInterval(killer));
    expect(answered + refused).toBe(TENANTS * OPERATIONS);
    expect(answered).toBeGreaterThan(TENANTS * OPERATIONS * 0.7);
  }, 180_000);
});
