import type { ClientBase } from 'pg';
import { DatabaseSetupError } from './database-setup-error.js';

/** In which tables are sharded by schema: https://docs.citusdata.com/en/v12.0/releases/v12_0.html. */
const OLDEST_CITUS = 12;
/** As an option of a connection whose roles and privileges stay on the node that it leads to. */
export const NODE_ALONE = '-c citus.enable_ddl_propagation=off';

/** Throws DatabaseSetupError where the database lacks Citus, or has one that does not know schemas. */
export async function assertCitus(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ version: string }>(
    `SELECT extversion AS version FROM pg_extension WHERE extname = 'citus'`,
  );
  const version = rows[0]?.version;
  if (version === undefined || Number.parseInt(version, 10) < OLDEST_CITUS)
    throw new DatabaseSetupError(
      `DATABASE_ENGINE=citus needs the extension citus ${OLDEST_CITUS} or newer on every node, this one has ${version ?? 'none'}`,
    );
}

/** Work that stays on the node: Citus does not pass all of it on, and other nodes may be away. */
export async function byItself(client: ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('SET citus.enable_ddl_propagation = off');
  try {
    await work();
  } finally {
    await client.query('RESET citus.enable_ddl_propagation');
  }
}

/** For the rest of the transaction: a new schema becomes a shard of its own, or stays on this node. */
export const shardSchemas = (isOn: boolean): string =>
  `SET LOCAL citus.enable_schema_based_sharding = ${isOn ? 'on' : 'off'};`;

/** Where a schema lives: the primary of the group that has its tables. Parameter: its name. */
export const NODE_OF_SCHEMA = `
  SELECT n.nodename AS host, n.nodeport AS port
    FROM pg_catalog.pg_dist_schema s
    JOIN pg_catalog.pg_dist_partition p ON p.colocationid = s.colocationid
    JOIN pg_catalog.pg_dist_shard h ON h.logicalrelid = p.logicalrelid
    JOIN pg_catalog.pg_dist_placement l ON l.shardid = h.shardid
    JOIN pg_catalog.pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary'
   WHERE s.schemaid = to_regnamespace($1) LIMIT 1`;

/** Those that have tables, or may get some. */
export const NODES = `
  SELECT n.nodename AS host, n.nodeport AS port
    FROM pg_catalog.pg_dist_node n
   WHERE n.noderole = 'primary' AND n.isactive
     AND (n.shouldhaveshards OR EXISTS (SELECT FROM pg_catalog.pg_dist_placement l WHERE l.groupid = n.groupid))
   ORDER BY n.nodeid`;
