import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { Agent } from '../../src/features/agents/agent.entity.js';
import { StoredFile } from '../../src/features/files/file.entity.js';
import { Vendor } from '../../src/features/vendors/vendor.entity.js';
import { Actor } from '../../src/kernel/actor.js';
import { registryMigrations } from '../../migrations/platform/all.js';
import { tenantMigrations } from '../../migrations/tenant/all.js';
import { OwnerDatabase } from '../../src/platform/tenancy/owner/owner-database.js';
import { binderFor } from '../../src/platform/tenancy/binding/server-logins.js';
import { sessionSettings } from '../../src/platform/tenancy/binding/session-settings.js';
import { TenantContext } from '../../src/platform/tenancy/tenant-context.js';
import { TenantModel } from '../../src/platform/tenancy/tenant-data-source.js';
import type { TenantBinding } from '../../src/platform/tenancy/tenant-binding.js';
import { TenantPool, type TenantPoolOptions } from '../../src/platform/tenancy/binding/tenant-pool.js';
import { newSchemaName } from '../../src/platform/tenancy/tenant-schema.js';
import { sharedDatabase } from './database.js';
import { startPgbouncer } from './pgbouncer.js';
import { startSetUserPostgres } from './set-user-postgres.js';

const LIMITS = { statementMs: 5000, lockMs: 2000, idleInTransactionMs: 5000, transactionMs: 20_000 };

/** Few, so that every test also evicts. */
export const NAMED_STATEMENTS = 8;

/** The tenancy engine alone, with schemas of its own; on the database of the shared server, unless it lacks what the mode needs. */
export interface Engine {
  owner: OwnerDatabase;
  ownerClient: Client;
  pool: TenantPool;
  poolOptions: TenantPoolOptions;
  model: TenantModel;
  context: TenantContext;
  applicationName: string;
  /** As a request of a caller of that tenant. */
  openBound<T>(binding: TenantBinding, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  newTenant(loginShard: number): Promise<TenantBinding>;
  /** A bare connection as one of the server's logins. */
  loginClient(loginShard: number): Promise<Client>;
  end(): Promise<void>;
}

const callerOf = ({ tenantId }: TenantBinding): Actor =>
  new Actor({ kind: 'user', id: tenantId, sessionId: '', tenantId, vendorId: null, roles: ['tenant_admin'] });

/** The ways in which a connection can become a tenant's, as the suite of the binding tries them. */
export type EngineMode = 'role' | 'transaction' | 'transaction behind pgbouncer' | 'set_user';

export async function openEngine(mode: EngineMode = 'role'): Promise<Engine> {
  const shared = await sharedDatabase();
  const { masterKey } = shared;
  const setUser = mode === 'set_user' ? await startSetUserPostgres() : undefined;
  const { connection } = setUser ?? shared;
  const owner = await OwnerDatabase.open({ connection, masterKey, registryMigrations, tenantMigrations });
  const ownerClient = new Client(connection);
  await ownerClient.connect();
  const applicationName = `engine-${randomUUID()}`;
  const direct = owner.roles.logins.map((login) => ({
    ...owner.login(login, LIMITS),
    application_name: applicationName,
  }));
  const pgbouncer =
    mode === 'transaction behind pgbouncer' ? await startPgbouncer(connection, direct) : undefined;
  const place = pgbouncer ? { host: pgbouncer.host, port: pgbouncer.port } : {};
  const bind = mode === 'transaction behind pgbouncer' ? 'transaction' : mode;
  const poolOptions: TenantPoolOptions = {
    // What is asked for at the start of a session does not count where sessions are shared.
    logins: bind === 'transaction' ? direct.map((login) => ({ ...login, options: '', ...place })) : direct,
    binder: await binderFor(bind, owner, sessionSettings(LIMITS, owner.serverVersion), NAMED_STATEMENTS),
    size: 16,
    waitTimeoutMs: 3000,
    maxUses: 5000,
    maxAgeSeconds: 1800,
  };
  const pool = new TenantPool(poolOptions);
  const model = await TenantModel.build([Vendor, Agent, StoredFile], owner.serverVersion);
  const made: string[] = [];
  const context = new TenantContext(model, pool);
  return {
    owner,
    ownerClient,
    pool,
    poolOptions,
    model,
    context,
    applicationName,
    openBound(binding, signal, work) {
      return context.open(() => {
        context.enter(callerOf(binding), binding);
        return work();
      }, signal);
    },
    async newTenant(loginShard) {
      const schemaName = newSchemaName();
      await owner.createSchema(schemaName, loginShard);
      made.push(schemaName);
      return { tenantId: crypto.randomUUID(), schemaName, loginShard };
    },
    async loginClient(loginShard) {
      const client = new Client(direct[loginShard]);
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
    async end() {
      await pool.end();
      await pgbouncer?.stop();
      for (const schemaName of made) await owner.dropSchema(schemaName);
      await owner.end();
      await ownerClient.end();
      await setUser?.stop();
    },
  };
}
