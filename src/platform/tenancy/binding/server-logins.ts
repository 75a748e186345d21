import type { PoolConfig } from 'pg';
import type { Config } from '../../config/config.js';
import { DatabaseSetupError } from '../owner/database-setup-error.js';
import { OWNER_CONNECTIONS, type OwnerDatabase } from '../owner/owner-database.js';
import { REGISTRY_CONNECTIONS } from '../registry/registry.js';
import { NamedStatements } from './named-statements.js';
import { sessionSettings, type SessionLimits } from './session-settings.js';
import { RoleBinder, SetUserBinder, TransactionBinder, type TenantBinder } from './tenant-binder.js';

/** The one over which a node hears of changes, and the one over which it proves to itself that it does. */
const LISTENER_CONNECTIONS = 2;

type Choices = Pick<
  Config,
  'tenantBind' | 'tenantDatabaseUrl' | 'dbPoolSize' | 'dbConnectTimeoutMs' | 'dbNamedStatements'
>;

/** How the server's own logins reach the database, and how a connection of theirs becomes a tenant's. */
export class ServerLogins {
  private constructor(
    readonly registry: PoolConfig,
    /** For the feed of changes: to PostgreSQL itself, since a pooler would share the session that listens. */
    readonly listener: PoolConfig,
    readonly tenants: readonly PoolConfig[],
    readonly binder: TenantBinder,
  ) {}

  /** Throws DatabaseSetupError when the database lacks what was chosen, or room for the connections. */
  static async open(owner: OwnerDatabase, choices: Choices, limits: SessionLimits): Promise<ServerLogins> {
    const { tenantBind, tenantDatabaseUrl, dbConnectTimeoutMs } = choices;
    const settings = sessionSettings(limits, owner.serverVersion);
    const { roles } = owner;
    if (tenantBind === 'transaction')
      for (const role of [roles.registry, ...roles.logins]) await keepSettings(owner, role, settings);
    // A pooler keeps its own count of connections to the server.
    if (tenantDatabaseUrl === undefined) await assertRoom(owner, choices.dbPoolSize);
    const login = (role: string): PoolConfig => ({
      ...owner.login(role, limits),
      connectionTimeoutMillis: dbConnectTimeoutMs,
      ...(tenantBind === 'transaction' ? { options: undefined } : {}),
      ...(tenantDatabaseUrl === undefined ? {} : placeOf(tenantDatabaseUrl)),
    });
    return new ServerLogins(
      login(roles.registry),
      owner.login(roles.registry, limits),
      roles.logins.map(login),
      await binderFor(tenantBind, owner, settings, choices.dbNamedStatements),
    );
  }
}

/**
 * Makes the binder of a mode, where each connection keeps so many statements prepared; behind a pooler none. Throws
 * DatabaseSetupError when the database lacks what it needs.
 */
export async function binderFor(
  mode: Config['tenantBind'],
  owner: OwnerDatabase,
  settings: Readonly<Record<string, string | number>>,
  namedStatements: number,
): Promise<TenantBinder> {
  if (mode === 'role') return new RoleBinder(new NamedStatements(namedStatements));
  if (mode === 'transaction') return new TransactionBinder(settings);
  const [extension] = await owner.query<{ schema: string }>(
    `SELECT extnamespace::regnamespace::text AS schema FROM pg_extension WHERE extname = 'set_user'`,
  );
  if (!extension)
    throw new DatabaseSetupError(
      'TENANT_BIND=set_user needs the extension set_user, which this database does not have',
    );
  const { schema } = extension;
  const logins = owner.roles.logins.map((login) => `"${login}"`).join(', ');
  await owner.query(`GRANT USAGE ON SCHEMA ${schema} TO PUBLIC`);
  await owner.query(`GRANT EXECUTE ON FUNCTION ${schema}.set_user(text, text) TO ${logins}`);
  return new SetUserBinder(schema, new NamedStatements(namedStatements));
}

/** Where the pooler listens; the logins, their passwords and the database's name are the server's own. */
function placeOf(url: string): PoolConfig {
  const { hostname, port, searchParams } = new URL(url);
  return { host: searchParams.get('host') ?? hostname, port: Number(port || 5432) };
}

/**
 * Gives a login its settings by default, for what a pooler opens in its name. Changing a role makes every connection
 * look its memberships up again, so a role that has them already is left alone.
 */
async function keepSettings(
  owner: OwnerDatabase,
  role: string,
  settings: Readonly<Record<string, string | number>>,
): Promise<void> {
  const [row] = await owner.query<{ kept: string[] }>(
    `SELECT coalesce((SELECT setconfig FROM pg_db_role_setting WHERE setrole = $1::regrole AND setdatabase = 0), '{}') AS kept`,
    [`"${role}"`],
  );
  for (const [name, value] of Object.entries(settings)) {
    if (row!.kept.some((kept) => kept === `${name}=${value}` || kept === `${name}="${value}"`)) continue;
    await owner.query(`ALTER ROLE "${role}" SET ${name} = '${value}'`);
  }
}

/** All that this process may open must fit into what PostgreSQL keeps for such as it. */
async function assertRoom(owner: OwnerDatabase, poolSize: number): Promise<void> {
  const [row] = await owner.query<{ room: number }>(
    `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true), '0')::int AS room`,
  );
  const needed = poolSize + REGISTRY_CONNECTIONS + OWNER_CONNECTIONS + LISTENER_CONNECTIONS;
  if (needed > row!.room)
    throw new DatabaseSetupError(
      `DB_POOL_SIZE=${poolSize} needs ${needed} connections with the registry's, the owner's and those that listen, but PostgreSQL has room for ${row!.room}`,
    );
}
