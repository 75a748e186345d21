import { Client } from 'pg';
import { Agent } from '../../src/features/agents/agent.entity.js';
import { StoredFile } from '../../src/features/files/file.entity.js';
import { Vendor } from '../../src/features/vendors/vendor.entity.js';
import { registryMigrations } from '../../migrations/platform/all.js';
import { tenantMigrations } from '../../migrations/tenant/all.js';
import { OwnerDatabase } from '../../src/platform/tenancy/owner-database.js';
import { TenantContext } from '../../src/platform/tenancy/tenant-context.js';
import { TenantModel } from '../../src/platform/tenancy/tenant-data-source.js';
import {
  TenantPool,
  type TenantBinding,
  type TenantPoolOptions,
} from '../../src/platform/tenancy/tenant-pool.js';
import { newSchemaName } from '../../src/platform/tenancy/tenant-schema.js';
import { sharedDatabase } from './database.js';

const LIMITS = { statementMs: 5000, lockMs: 2000, idleInTransactionMs: 5000 };
const APPLICATION_NAME = `engine-${process.pid}`;

/** The tenancy engine alone, on the database of the shared server, with schemas of its own. */
export interface Engine {
  owner: OwnerDatabase;
  ownerClient: Client;
  pool: TenantPool;
  poolOptions: TenantPoolOptions;
  model: TenantModel;
  context: TenantContext;
  applicationName: string;
  newTenant(loginShard: number): Promise<TenantBinding>;
  /** A bare connection as one of the server's logins. */
  loginClient(loginShard: number): Promise<Client>;
  end(): Promise<void>;
}

export async function openEngine(): Promise<Engine> {
  const { connection, masterKey } = await sharedDatabase();
  const owner = await OwnerDatabase.open({ connection, masterKey, registryMigrations, tenantMigrations });
  const ownerClient = new Client(connection);
  await ownerClient.connect();
  const logins = owner.roles.logins.map((login) => ({
    ...owner.login(login, LIMITS),
    application_name: APPLICATION_NAME,
  }));
  const poolOptions = { logins, size: 8, waitTimeoutMs: 3000 };
  const pool = new TenantPool(poolOptions);
  const model = await TenantModel.build([Vendor, Agent, StoredFile], owner.serverVersion);
  const made: string[] = [];
  return {
    owner,
    ownerClient,
    pool,
    poolOptions,
    model,
    context: new TenantContext(model, pool),
    applicationName: APPLICATION_NAME,
    async newTenant(loginShard) {
      const schemaName = newSchemaName();
      await owner.createSchema(schemaName, loginShard);
      made.push(schemaName);
      return { tenantId: crypto.randomUUID(), schemaName, loginShard };
    },
    async loginClient(loginShard) {
      const client = new Client(logins[loginShard]);
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
    async end() {
      await pool.end();
      for (const schemaName of made) await owner.dropSchema(schemaName);
      await owner.end();
      await ownerClient.end();
    },
  };
}
