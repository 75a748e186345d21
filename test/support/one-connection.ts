import { TenantPool } from '../../src/platform/tenancy/binding/tenant-pool.js';
import type { TenantConnection } from '../../src/platform/tenancy/binding/tenant-connection.js';
import { BINDING_MODES, Neighbours } from './bindings.js';

/** The ways of binding in which statements are kept prepared. */
export const KEEPING = BINDING_MODES.filter((mode) => mode === 'role' || mode === 'set_user');

/** A pool with one connection for both neighbours, whose statements the owner can ask for by a function. */
export class OneConnection {
  private constructor(
    readonly world: Neighbours,
    readonly pool: TenantPool,
  ) {}

  static async open(mode: (typeof BINDING_MODES)[number]): Promise<OneConnection> {
    const world = await Neighbours.open(mode);
    // The names of what is prepared are hidden from tenants; here they may ask.
    const { a, b } = world;
    await world.engine.ownerClient.query(`
      GRANT EXECUTE ON FUNCTION pg_catalog.pg_prepared_statement() TO "${a.schemaName}", "${b.schemaName}";
      GRANT SELECT ON pg_catalog.pg_prepared_statements TO "${a.schemaName}", "${b.schemaName}"`);
    return new OneConnection(world, new TenantPool({ ...world.engine.poolOptions, size: 4 }));
  }

  async as<T>(tenant: 'a' | 'b', work: (connection: TenantConnection) => Promise<T>): Promise<T> {
    const [connection, release] = await this.pool.lease(this.world[tenant]);
    try {
      return await work(connection);
    } finally {
      release();
    }
  }

  /** The texts that the connection's session keeps. */
  prepared(tenant: 'a' | 'b' = 'a'): Promise<string[]> {
    return this.as(tenant, async (connection) => {
      const { rows } = await connection.query(
        `SELECT statement FROM pg_prepared_statements WHERE name <> '' ORDER BY prepare_time, statement`,
      );
      return (rows as { statement: string }[]).map(({ statement }) => statement);
    });
  }

  backend(): Promise<number> {
    return this.as('a', async (connection) => {
      const { rows } = await connection.query('SELECT pg_backend_pid() AS pid');
      return (rows as { pid: number }[])[0]!.pid;
    });
  }

  async end(): Promise<void> {
    await this.pool.end();
    const { a, b, engine } = this.world;
    await engine.ownerClient.query(`DROP OWNED BY "${a.schemaName}", "${b.schemaName}"`);
    await this.world.end();
  }
}

export const times = async (count: number, work: () => Promise<unknown>): Promise<void> => {
  for (let time = 0; time < count; time++) await work();
};
