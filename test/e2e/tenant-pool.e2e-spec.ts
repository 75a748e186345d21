import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '../../src/kernel/errors.js';
import { translateDatabaseError } from '../../src/platform/tenancy/database-errors.js';
import { TenantPool } from '../../src/platform/tenancy/binding/tenant-pool.js';
import { tenantTable } from '../../src/platform/tenancy/tenant-schema.js';
import { BINDING_MODES, codeOf, Neighbours } from '../support/bindings.js';

/** As the caller is told. */
const told = (error: unknown): unknown => translateDatabaseError(error) ?? error;

const unavailable = (error: unknown): boolean =>
  error instanceof UnavailableError && error.retryAfterSeconds > 0;

describe.each(BINDING_MODES)('the pool, bound by %s,', (mode) => {
  let world: Neighbours;
  beforeAll(async () => {
    world = await Neighbours.open(mode);
  });
  afterAll(() => world.end());

  it('answers with an error within its waiting time when a tenant has its share', async () => {
    const pool = new TenantPool({ ...world.engine.poolOptions, size: 4, waitTimeoutMs: 300 });
    const [, release] = await pool.lease(world.a);
    const started = Date.now();
    await expect(pool.lease(world.a)).rejects.toThrow(UnavailableError);
    expect(Date.now() - started).toBeLessThan(1500);
    release();
    const [, releaseAgain] = await pool.lease(world.a);
    releaseAgain();
    await pool.end();
  });

  it('ends a checkout inside a transaction with an error, not a deadlock', async () => {
    const { engine, a } = world;
    const nested = () =>
      engine.context.transaction(async () => {
        await engine.context.manager.query('SELECT 1');
        await world.sql(a, 'SELECT 1');
      });
    const started = Date.now();
    const ends = await Promise.allSettled(Array.from({ length: 4 }, () => world.as(a, nested)));
    expect(Date.now() - started).toBeLessThan(engine.poolOptions.waitTimeoutMs * 2.5);
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.every(unavailable)).toBe(true);
    expect(await world.as(a, () => world.names())).toEqual(['belongs to a']);
  });

  it('lets no tenant’s slow statements take the connections of another', async () => {
    const { engine, a, b } = world;
    await engine.ownerClient.query(`BEGIN; LOCK TABLE "${a.schemaName}".vendor`);
    try {
      const stuck = Array.from({ length: 200 }, () => codeOf(world.as(a, () => world.names())));
      await sleep(100);
      for (let times = 0; times < 20; times++) {
        const started = Date.now();
        expect(await world.as(b, () => world.names())).toEqual(['belongs to b']);
        expect(Date.now() - started).toBeLessThan(500);
      }
      const codes = new Set(await Promise.all(stuck));
      // Those who had a connection waited for the lock, all others for a connection.
      expect([...codes].sort()).toEqual(['55P03', 'overloaded']);
    } finally {
      await engine.ownerClient.query('ROLLBACK');
    }
  });

  it.each(['a statement', 'a statement in a transaction'])(
    'cancels %s of a caller who left',
    async (kind) => {
      const { engine, a } = world;
      const mark = `cancel ${kind} ${mode}`;
      const caller = new AbortController();
      const read = () => engine.context.manager.query(`SELECT pg_sleep(4), '${mark}'`);
      const answer = engine.openBound(a, caller.signal, () =>
        codeOf(kind === 'a statement' ? read() : engine.context.transaction(read)),
      );
      while ((await world.running(mark)) === 0) await sleep(20);
      const left = Date.now();
      caller.abort();
      expect(await answer).toBe('57014');
      while ((await world.running(mark)) > 0) await sleep(20);
      expect(Date.now() - left).toBeLessThan(1000);
    },
  );

  it('cancels nothing of a neighbour on the same login', async () => {
    const { engine, a, b } = world;
    const sleeper = world.sql(b, 'SELECT pg_sleep(1)');
    for (let times = 0; times < 10; times++) {
      const caller = new AbortController();
      setTimeout(() => caller.abort(), times * 3);
      await engine.openBound(a, caller.signal, () =>
        codeOf(engine.context.manager.query('SELECT pg_sleep(0.01)')),
      );
      expect(await codeOf(world.sql(b, 'SELECT pg_sleep(0.01)'))).toBe('no error');
    }
    expect(await codeOf(sleeper)).toBe('no error');
  });

  it('stores nothing of a caller who left in the middle of a transaction', async () => {
    const { engine, a } = world;
    const caller = new AbortController();
    const work = engine.openBound(a, caller.signal, () =>
      engine.context.transaction(async () => {
        await engine.context.manager.query(`UPDATE ${tenantTable('vendor')} SET name = 'changed'`);
        caller.abort();
      }),
    );
    await expect(work.catch(told)).resolves.toBeInstanceOf(UnavailableError);
    expect(await world.as(a, () => world.names())).toEqual(['belongs to a']);
  });

  it('gives a place in the queue up when its caller leaves', async () => {
    const pool = new TenantPool({ ...world.engine.poolOptions, size: 4 });
    const [, release] = await pool.lease(world.a);
    const caller = new AbortController();
    const waiting = pool.lease(world.a, caller.signal);
    caller.abort();
    await expect(waiting).rejects.toThrow(UnavailableError);
    release();
    await pool.end();
  });

  it('renews a connection after so many uses', async () => {
    const pool = new TenantPool({ ...world.engine.poolOptions, size: 4, maxUses: 2 });
    const keys: unknown[] = [];
    for (let times = 0; times < 4; times++) {
      const [connection, release] = await pool.lease(world.a);
      keys.push((await connection.query('SELECT pg_backend_pid() AS pid')).rows[0]);
      release();
    }
    if (mode !== 'transaction behind pgbouncer') {
      expect(keys[0]).toEqual(keys[1]);
      expect(keys[2]).not.toEqual(keys[1]);
    }
    await pool.end();
  });
});
