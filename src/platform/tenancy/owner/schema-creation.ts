import type { ClientBase } from 'pg';
import { shardSchemas } from './citus.js';
import { enterSchema, openSchema, type TenantBlueprint } from './tenant-blueprint.js';

interface NewSchema {
  schemaName: string;
  /** The server's login that may take the tenant's role. */
  login: string;
  tenantOwner: string;
  /** PostgreSQL's, as `18.4`. */
  serverVersion: string;
  blueprint: TenantBlueprint;
}

/**
 * Makes the tenant's role and its schema with all tables, inside the caller's transaction. Beside the registry it is not
 * waited for on the disk: the tenant is nobody's until the registry says that it is active, and that commit waits for
 * all before it. Elsewhere it is, since the registry's disk says nothing of another's.
 */
export async function createSchema(
  client: ClientBase,
  { schemaName, login, tenantOwner, serverVersion, blueprint }: NewSchema,
  isBesideRegistry: boolean,
): Promise<void> {
  await blueprint.replay(
    client,
    schemaName,
    (isBesideRegistry ? 'SET LOCAL synchronous_commit = off;' : '') +
      openSchema(schemaName, tenantOwner, serverVersion, login),
  );
}

/** The database, as far as it is needed here. */
interface Owner {
  inTransaction(work: (client: ClientBase) => Promise<void>): Promise<void>;
  dropSchema(schemaName: string): Promise<void>;
}

/**
 * On Citus: makes the role, and the schema as a shard of its own, on the node that has the fewest. The tables follow in
 * another transaction, since their owner, as whom the nodes talk, sees the schema there only when it is committed.
 */
export async function createShard(owner: Owner, parts: NewSchema): Promise<void> {
  const { schemaName, login, tenantOwner, serverVersion, blueprint } = parts;
  await owner.inTransaction(async (client) => {
    await client.query(shardSchemas(true) + openSchema(schemaName, tenantOwner, serverVersion, login));
  });
  try {
    await owner.inTransaction(async (client) => {
      await client.query(enterSchema(schemaName, tenantOwner));
      await blueprint.replayOneByOne(client, schemaName);
    });
  } catch (error) {
    await owner.dropSchema(schemaName);
    throw error;
  }
}
