import type { EntityManager } from 'typeorm';
import { NoTenantError } from '../../src/platform/tenancy/tenant-context.js';
import { TenantPool, type TenantBinding } from '../../src/platform/tenancy/tenant-pool.js';
import { tenantTable } from '../../src/platform/tenancy/tenant-schema.js';
import { Vendor } from '../../src/features/vendors/vendor.entity.js';
import { UnavailableError } from '../../src/kernel/errors.js';
import { translateDatabaseError } from '../../src/platform/tenancy/database-errors.js';
import { openEngine, type Engine } from '../support/engine.js';

const INSUFFICIENT_PRIVILEGE = '42501';

describe('the binding of a tenant', () => {
  let engine: Engine;
  let a: TenantBinding;
  let b: TenantBinding;

  beforeAll(async () => {
    engine = await openEngine();
    // Both on one login shard, where a hop from one role to the other is possible at all.
    a = await engine.newTenant(0);
    b = await engine.newTenant(0);
    await engine.context.run(a, () => addVendor('belongs to a'));
    await engine.context.run(b, () => addVendor('belongs to b'));
  });
  afterAll(() => engine.end());

  const manager = (): EntityManager => engine.context.manager;
  const addVendor = (name: string) =>
    manager().getRepository(Vendor).insert({
      id: crypto.randomUUID(),
      name,
      contactEmail: 'x@example.com',
      status: 'active',
      tags: [],
      version: 1,
    });
  const names = async () => (await manager().getRepository(Vendor).find()).map((vendor) => vendor.name);
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'no error',
      (error: unknown) => (error as { code?: string }).code ?? String(error),
    );

  it('gives each tenant its own rows', async () => {
    expect(await engine.context.run(a, names)).toEqual(['belongs to a']);
    expect(await engine.context.run(b, names)).toEqual(['belongs to b']);
  });

  it('refuses work without a tenant before any connection opens', () => {
    expect(() => engine.context.manager).toThrow(NoTenantError);
    expect(() => engine.context.open(() => engine.context.manager)).toThrow(NoTenantError);
  });

  it('gives no query runner from the shared model', async () => {
    expect(() => engine.model.createQueryRunner()).toThrow('without a tenant');
    await expect(async () =>
      engine.model.getRepository(Vendor).createQueryBuilder().getMany(),
    ).rejects.toThrow('without a tenant');
  });

  it('leaves the server login without any right on a tenant schema', async () => {
    const client = await engine.loginClient(a.loginShard);
    expect(await codeOf(client.query(`SELECT * FROM "${a.schemaName}".vendor`))).toBe(INSUFFICIENT_PRIVILEGE);
    expect(await codeOf(client.query('SELECT * FROM platform.operator'))).toBe(INSUFFICIENT_PRIVILEGE);
    await client.end();
  });

  it('refuses a neighbour whose schema is named outright', async () => {
    const theft = engine.context.run(a, () => manager().query(`SELECT * FROM "${b.schemaName}"."vendor"`));
    expect(await codeOf(theft)).toBe(INSUFFICIENT_PRIVILEGE);
  });

  it('refuses a connection bound to one tenant to the statements of another', async () => {
    const [connection, release] = await engine.pool.lease({ ...a, schemaName: b.schemaName });
    release();
    const client = await engine.loginClient(0);
    await client.query(`SET ROLE "${a.schemaName}"`);
    expect(await codeOf(client.query(`SELECT * FROM "${b.schemaName}".vendor`))).toBe(INSUFFICIENT_PRIVILEGE);
    await client.end();
    await expect(connection.query('SELECT 1')).rejects.toThrow('given back');
  });

  describe('answers injected SQL with an error, and stays who it was', () => {
    const escapes: Record<string, (victim: string) => string> = {
      'set_config and query_to_xml': (victim) =>
        `(SELECT set_config('role','${victim}',false) || query_to_xml('select * from ${victim}.vendor',true,true,'')::text)`,
      'set_config alone': (victim) => `(SELECT set_config('role','${victim}',false))`,
      'set_config of search_path': (victim) => `(SELECT set_config('search_path','${victim}',false))`,
      'a second statement': (victim) => `name; SET ROLE "${victim}"; SELECT * FROM "${victim}".vendor`,
      'a subquery on the neighbour': (victim) => `(SELECT name FROM "${victim}".vendor LIMIT 1)`,
      'query_to_xml on the neighbour': (victim) =>
        `query_to_xml('select * from ${victim}.vendor',true,true,'')::text`,
      'the registry': () => `(SELECT password_hash FROM platform.operator LIMIT 1)`,
      'a large object': () => `(SELECT lo_create(0))`,
      'a file of the server': () => `pg_read_file('/etc/passwd')`,
      'the migrations table': () => `(SELECT count(*) FROM "${a.schemaName}".migration)`,
      ts_stat: (victim) =>
        `(SELECT count(*) FROM ts_stat('select set_config(''role'',''${victim}'',false)::tsvector'))`,
    };

    it.each(Object.keys(escapes))('%s', async (name) => {
      const payload = escapes[name]!(b.schemaName);
      await engine.context.run(a, async () => {
        const sink = manager().query(`SELECT name FROM ${tenantTable('vendor')} ORDER BY ${payload}`);
        await expect(sink).rejects.toThrow();
        const [who] = await manager().query<{ role: string }[]>('SELECT current_user::text AS role');
        expect(who?.role).toBe(a.schemaName);
      });
    });

    it.each([
      `SET ROLE "victim"`,
      'RESET ROLE',
      'SET ROLE NONE',
      `/* */ SET ROLE "victim"`,
      `-- \nSET ROLE "victim"`,
      'SET SESSION AUTHORIZATION DEFAULT',
      'SET search_path = victim',
      `DO $$ BEGIN END $$`,
      `PREPARE p AS SELECT 1`,
      `COPY (SELECT 1) TO PROGRAM 'id'`,
      'DISCARD ALL',
      'CREATE TABLE x (a int)',
      'LISTEN everything',
    ])('the statement %s', async (statement) => {
      await engine.context.run(a, async () => {
        await expect(manager().query(statement.replace('victim', b.schemaName))).rejects.toThrow(
          'not allowed',
        );
      });
    });

    it('UPDATE pg_settings', async () => {
      await engine.context.run(a, async () => {
        const update = `UPDATE pg_settings SET setting = '${b.schemaName}' WHERE name = 'role'`;
        await expect(manager().query(update)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
      });
    });
  });

  it('gives the escape its way once set_config is granted again, so the revoke is what stops it', async () => {
    const hop = `SELECT set_config('role','${b.schemaName}',false) AS role`;
    const attempt = () => engine.context.run(a, () => codeOf(manager().query(hop)));
    expect(await attempt()).toBe(INSUFFICIENT_PRIVILEGE);
    await engine.ownerClient.query(
      `GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text,text,boolean) TO "${a.schemaName}"`,
    );
    try {
      expect(await attempt()).toBe('no error');
      // And still the second fact, the schema in the SQL, keeps the neighbour's rows away: an error, not rows.
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => engine.context.run(a, () => names().catch(() => []))),
      );
      for (const answer of answers) expect(answer).not.toContain('belongs to b');
    } finally {
      await engine.ownerClient.query(
        `REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text,text,boolean) FROM "${a.schemaName}"`,
      );
    }
  });

  it('rolls a failed transaction back and gives no open transaction to the next', async () => {
    const failing = engine.context.run(a, () =>
      engine.context.transaction(async () => {
        await addVendor('never stored');
        throw new Error('changed my mind');
      }),
    );
    await expect(failing).rejects.toThrow('changed my mind');
    const abandoned = engine.context.run(a, async () => {
      const runner = manager().dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.manager.query(`UPDATE ${tenantTable('vendor')} SET name = 'changed'`);
      await runner.release();
    });
    await abandoned;
    expect(await engine.context.run(a, names)).toEqual(['belongs to a']);
  });

  it('has the tenant’s role inside transactions and savepoints', async () => {
    await engine.context.run(b, () =>
      engine.context.transaction(async () => {
        const role = async (m: EntityManager) =>
          (await m.query<{ r: string }[]>('SELECT current_user::text AS r'))[0]?.r;
        expect(await role(manager())).toBe(b.schemaName);
        await manager().transaction(async (inner) => expect(await role(inner)).toBe(b.schemaName));
      }),
    );
  });

  it('keeps overlapping work of twenty tenants apart, with errors and ended backends in between', async () => {
    const tenants = await Promise.all(Array.from({ length: 20 }, (_, index) => engine.newTenant(index % 4)));
    await Promise.all(
      tenants.map((tenant) => engine.context.run(tenant, () => addVendor(tenant.schemaName))),
    );
    let answered = 0;
    const one = async (tenant: TenantBinding, round: number) => {
      await engine.context.run(tenant, async () => {
        if (round % 7 === 0)
          await manager()
            .query('SELECT 1/0')
            .catch(() => undefined);
        const seen = await names().catch((error: unknown) => {
          if (error instanceof UnavailableError || translateDatabaseError(error) instanceof UnavailableError)
            return undefined;
          throw error;
        });
        if (seen) {
          expect(seen).toEqual([tenant.schemaName]);
          answered++;
        }
      });
    };
    for (let round = 0; round < 25; round++) {
      if (round % 10 === 5) {
        await engine.ownerClient.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND usename LIKE '%login%'`,
          [engine.applicationName],
        );
      }
      await Promise.all(tenants.map((tenant) => one(tenant, round)));
    }
    expect(answered).toBeGreaterThan(450);
  });

  it('answers a full pool with an error within its waiting time', async () => {
    const pool = new TenantPool({ ...engine.poolOptions, size: 4, waitTimeoutMs: 300 });
    const [, release] = await pool.lease(a);
    const started = Date.now();
    await expect(pool.lease(a)).rejects.toMatchObject({ code: 'overloaded' });
    expect(Date.now() - started).toBeLessThan(1500);
    release();
    const [, releaseAgain] = await pool.lease(a);
    releaseAgain();
    await pool.end();
  });

  it('refuses a name that is no tenant’s', async () => {
    await expect(engine.pool.lease({ ...a, schemaName: 't_a"; DROP ROLE x' })).rejects.toThrow(
      'not the name',
    );
    expect(await codeOf(engine.pool.lease({ ...a, schemaName: `t_${'a'.repeat(26)}` }))).toMatch(
      /22023|0P000/,
    );
  });
});
