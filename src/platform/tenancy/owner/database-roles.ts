import { hkdfSync } from 'node:crypto';
import { Client, type ClientBase, type PoolConfig } from 'pg';
import { assertCitus, byItself } from './citus.js';
import { DatabaseSetupError } from './database-setup-error.js';

/** Logins among which the tenants' roles are spread; the first SET ROLE after any role change costs by memberships. */
export const LOGIN_SHARDS = 4;
const OLDEST_POSTGRES = 15;
const PASSWORD_BYTES = 24;
/** pg_advisory_lock key under which one process at a time prepares a database. */
const BOOTSTRAP_LOCK = 7_218_402_001;

/** The names of the installation's own roles, each beginning with the database's name. */
export interface RoleNames {
  /** Owns the schemas of all tenants; cannot log in. */
  tenantOwner: string;
  /** Reads and writes the registry. */
  registry: string;
  /** No rights of their own; each may take the roles of its share of the tenants. */
  logins: string[];
}

export function roleNames(database: string): RoleNames {
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(database)) {
    throw new DatabaseSetupError(
      `the database's name must be lower-case letters, digits and _, not "${database}"`,
    );
  }
  return {
    tenantOwner: `${database}_tenant_owner`,
    registry: `${database}_registry`,
    logins: Array.from(
      { length: LOGIN_SHARDS },
      (_, shard) => `${database}_login_${String(shard).padStart(2, '0')}`,
    ),
  };
}

/** The password of one of the server's own logins: the same on every node that holds the master key. */
export function loginPassword(masterKey: Buffer, role: string): string {
  return Buffer.from(
    hkdfSync('sha256', masterKey, '', `ringfence/database-login/${role}`, PASSWORD_BYTES),
  ).toString('hex');
}

/**
 * Prepares a database as its owner: the installation's roles, and no rights for everybody. What would let a tenant's
 * role become another (set_config, procedural code) is taken from PUBLIC. Idempotent. Of a Citus cluster each node must be
 * prepared, the coordinator first, from which the roles spread. Throws DatabaseSetupError when the server is too old,
 * lacks Citus, or the owner may not do this.
 */
export async function prepareDatabase(
  owner: ClientBase,
  base: PoolConfig,
  masterKey: Buffer,
  isCitus = false,
): Promise<RoleNames> {
  const { rows } = await owner.query<{ version: number; database: string }>(
    `SELECT current_setting('server_version_num')::int AS version, current_database()::text AS database`,
  );
  const { version, database } = rows[0]!;
  if (version < OLDEST_POSTGRES * 10_000)
    throw new DatabaseSetupError(
      `PostgreSQL ${OLDEST_POSTGRES} or newer is needed, this is ${Math.floor(version / 10_000)}`,
    );
  const names = roleNames(database);
  if (isCitus) await assertCitus(owner);
  await owner.query('SELECT pg_advisory_lock($1)', [BOOTSTRAP_LOCK]);
  try {
    // The nodes of Citus create and alter tables on each other as their owner. It has no password.
    await ensureRole(owner, names.tenantOwner, `${isCitus ? 'LOGIN' : 'NOLOGIN'} NOINHERIT`);
    const own = [names.registry, ...names.logins];
    for (const name of own) await ensureRole(owner, name, 'LOGIN NOINHERIT');
    const closeUp = async (): Promise<void> => {
      for (const user of own)
        await ensurePassword(owner, { ...base, user, password: loginPassword(masterKey, user) });
      await closeDoors(owner, database, names);
      if (isCitus) await owner.query(`GRANT CONNECT ON DATABASE "${database}" TO "${names.tenantOwner}"`);
      await assertDoorsClosed(owner, names);
    };
    await (isCitus ? byItself(owner, closeUp) : closeUp());
  } finally {
    await owner.query('SELECT pg_advisory_unlock($1)', [BOOTSTRAP_LOCK]);
  }
  return names;
}

async function ensureRole(owner: ClientBase, name: string, attributes: string): Promise<void> {
  const { rowCount } = await owner.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  if (rowCount === 0)
    await owner.query(
      `CREATE ROLE "${name}" ${attributes} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`,
    );
}

/** Changing a role makes every connection look its memberships up again, so a password that works is left alone. */
async function ensurePassword(owner: ClientBase, login: PoolConfig): Promise<void> {
  const database = `"${login.database}"`;
  await owner.query(`GRANT CONNECT ON DATABASE ${database} TO "${login.user}"`);
  const probe = new Client(login);
  try {
    await probe.connect();
    await probe.end();
  } catch (error) {
    if ((error as { code?: string }).code !== '28P01') throw error;
    await owner.query(`ALTER ROLE "${login.user}" PASSWORD '${login.password as string}'`);
  }
}

async function closeDoors(owner: ClientBase, database: string, names: RoleNames): Promise<void> {
  await owner.query(`
    REVOKE ALL ON DATABASE "${database}" FROM PUBLIC;
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
    REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(int) FROM PUBLIC;
    REVOKE EXECUTE ON FUNCTION pg_catalog.lo_create(oid) FROM PUBLIC;
    REVOKE EXECUTE ON FUNCTION pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;
    REVOKE ALL ON pg_catalog.pg_prepared_statements FROM PUBLIC;
    REVOKE EXECUTE ON FUNCTION pg_catalog.pg_prepared_statement() FROM PUBLIC;
    REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
    CREATE SCHEMA IF NOT EXISTS platform;
    REVOKE ALL ON SCHEMA platform FROM PUBLIC;
    GRANT USAGE ON SCHEMA platform TO "${names.registry}";
    ALTER DEFAULT PRIVILEGES IN SCHEMA platform GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "${names.registry}";
  `);
}

/** A REVOKE by one who granted nothing only warns; so ask whether the doors are closed, for a login that has no rights. */
async function assertDoorsClosed(owner: ClientBase, names: RoleNames): Promise<void> {
  const { rows } = await owner.query<{ setConfig: boolean; plpgsql: boolean; privileged: boolean }>(
    `SELECT has_function_privilege(r.oid, 'pg_catalog.set_config(text,text,boolean)', 'EXECUTE') AS "setConfig",
            has_language_privilege(r.oid, 'plpgsql', 'USAGE') AS plpgsql,
            r.rolsuper OR r.rolcreaterole OR r.rolinherit OR r.rolbypassrls AS privileged
       FROM pg_roles r WHERE r.rolname = ANY($1)`,
    [names.logins],
  );
  for (const row of rows) {
    if (row.setConfig)
      throw new DatabaseSetupError(
        'EXECUTE on pg_catalog.set_config must be revoked from PUBLIC, by a superuser',
      );
    if (row.plpgsql)
      throw new DatabaseSetupError('USAGE on language plpgsql must be revoked from PUBLIC, by a superuser');
    if (row.privileged) throw new DatabaseSetupError("the server's logins must have no rights of their own");
  }
}
