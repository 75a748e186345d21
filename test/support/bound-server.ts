import { randomBytes } from 'node:crypto';
import type { PoolConfig } from 'pg';
import { loginPassword, roleNames } from '../../src/platform/tenancy/owner/database-roles.js';
import { asOwner, besideShared, sharedDatabase } from './database.js';
import { startPgbouncer, type Pgbouncer } from './pgbouncer.js';
import { startServer, type RunningServer } from './server.js';
import { startSetUserPostgres, type SetUserPostgres } from './set-user-postgres.js';
import type { EngineMode } from './engine.js';

/** The real server, on a database of its own, whose connections become tenants' in one of the ways there are. */
export class BoundServer {
  private constructor(
    readonly server: RunningServer,
    private readonly pgbouncer: Pgbouncer | undefined,
    private readonly clear: () => Promise<unknown>,
  ) {}

  static async start(mode: EngineMode): Promise<BoundServer> {
    if (mode === 'set_user') return BoundServer.onPostgres(await startSetUserPostgres());
    const database = `bound_${randomBytes(6).toString('hex')}`;
    await asOwner(`CREATE DATABASE ${database}`);
    const isPooled = mode === 'transaction behind pgbouncer';
    const pgbouncer = isPooled ? await poolerFor(database) : undefined;
    const server = await startServer({
      ...(await besideShared(database)),
      TENANT_BIND: isPooled ? 'transaction' : mode,
      ...(pgbouncer && { TENANT_DATABASE_URL: `postgres://${pgbouncer.host}:${pgbouncer.port}` }),
    });
    return new BoundServer(server, pgbouncer, () => asOwner(`DROP DATABASE ${database} WITH (FORCE)`));
  }

  private static async onPostgres(postgres: SetUserPostgres): Promise<BoundServer> {
    const { host, port, user, password, database } = postgres.connection;
    const place = new URLSearchParams({ host, port: String(port) }).toString();
    const url = `postgres://${user}:${password}@localhost/${database}?${place}`;
    const own = await startServer({ DATABASE_URL: url, TENANT_BIND: 'set_user' });
    return new BoundServer(own, undefined, () => postgres.stop());
  }

  /** Takes the pooler away; the server goes on. */
  async stopPooler(): Promise<void> {
    await this.pgbouncer?.stop();
  }

  /** Resolves to the exit code of the server. */
  async stop(): Promise<number | null> {
    const code = await this.server.stop();
    await this.stopPooler();
    await this.clear();
    return code;
  }
}

/** A pooler that knows the logins which the server will make in that database. */
async function poolerFor(database: string): Promise<Pgbouncer> {
  const { connection, masterKey } = await sharedDatabase();
  const { registry, logins } = roleNames(database);
  const accounts = [registry, ...logins].map((user): PoolConfig => ({
    user,
    password: loginPassword(masterKey, user),
  }));
  return startPgbouncer({ ...connection, database }, accounts);
}
