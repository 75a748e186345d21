import { escapeLiteral, type ClientBase, type QueryResult } from 'pg';
import { quoteSchema } from '../tenant-schema.js';
import { isLockError } from './lock-errors.js';
import { runMigrations, type MigrationClass } from './migration-runner.js';
import { enterSchema, grantToTenant, type TenantBlueprint, type Upgrade } from './tenant-blueprint.js';
import {
  assertSameCatalog,
  checkingStatements,
  hasFingerprint,
  prepareCheck,
  readCatalog,
  tablesOf,
} from './tenant-catalog.js';

/** A migration that waits for a tenant's readers makes its later callers wait as well. */
const LOCK_TIMEOUT_MS = 2000;

/** What became of a tenant's schema. */
export interface MigratedSchema {
  /** Names of the migrations that ran now; none when it had them all. */
  migrations: string[];
  /** When the last that it has was run, by its own ledger. */
  at: Date;
}

interface Context {
  blueprint: TenantBlueprint;
  tenantOwner: string;
  serverVersion: string;
  migrations: readonly MigrationClass[];
  /** Citus wants a message for each statement, and what it does on two nodes is on the disk before it is done. */
  isCitus?: boolean | undefined;
}

/** Brings one tenant's schema up to date, in one transaction, and compares the outcome with the blueprint. */
export class TenantMigration {
  constructor(private readonly context: Context) {}

  /**
   * `version` is where the schema is believed to be. When that is so, and the migrations since then are statements and
   * nothing else, all goes in one message. Whatever surprises that message changes nothing and is left to the long way,
   * which finds out and says what is wrong. Throws SchemaDriftError, and changes nothing, when the outcome is not what
   * the migrations make of an empty schema.
   */
  async run(client: ClientBase, schemaName: string, version?: string): Promise<MigratedSchema> {
    const { blueprint, isCitus } = this.context;
    const upgrade = version === undefined || isCitus ? undefined : blueprint.upgrade(schemaName, version);
    if (upgrade) {
      await prepareCheck(client);
      try {
        return await this.inOneMessage(client, schemaName, upgrade);
      } catch (error) {
        await client.query('ROLLBACK');
        if (isLockError(error)) throw error;
      }
    }
    return this.stepByStep(client, schemaName);
  }

  /**
   * Not waited for on the disk: the ledger tells a later run what was done, and whoever records it elsewhere first makes
   * it durable (`OwnerDatabase.settle`).
   */
  private async inOneMessage(
    client: ClientBase,
    schemaName: string,
    { had, migrations, sql }: Upgrade,
  ): Promise<MigratedSchema> {
    const results = (await client.query(
      `${this.opening(schemaName)} SET LOCAL synchronous_commit = off; SET LOCAL client_min_messages = warning;
       ${assertLedger(had)} ${sql} ${checkingStatements(schemaName, this.context.blueprint.fingerprint)} COMMIT`,
    )) as unknown as QueryResult<{ begun?: Date }>[];
    return { migrations, at: results.flatMap(({ rows }) => rows).find(({ begun }) => begun)!.begun! };
  }

  private async stepByStep(client: ClientBase, schemaName: string): Promise<MigratedSchema> {
    const { blueprint, serverVersion } = this.context;
    try {
      await client.query(this.opening(schemaName));
      const migrations = await runMigrations(client, schemaName, serverVersion, this.context.migrations);
      if (!(await hasFingerprint(client, schemaName, blueprint.fingerprint))) {
        // Whatever is new has no privileges yet.
        if (migrations.length > 0)
          await client.query(grantToTenant(schemaName, await tablesOf(client, schemaName)));
        assertSameCatalog(await readCatalog(client, schemaName), blueprint);
      }
      const { rows } = await client.query<{ at: Date }>(
        `SELECT coalesce(max(done_at), now()) AS at FROM ${quoteSchema(schemaName)}.migration`,
      );
      await client.query('COMMIT');
      return { migrations, at: rows[0]!.at };
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    }
  }

  private opening(schemaName: string): string {
    return `BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; ${enterSchema(schemaName, this.context.tenantOwner)}`;
  }
}

/** Fails (division_by_zero) unless the ledger has these names; else says when the transaction began. */
function assertLedger(names: readonly string[]): string {
  const expected = [...names].sort().map(escapeLiteral).join(', ');
  return `SELECT now() AS begun, 1 / (array_agg(name::text ORDER BY name COLLATE "C") = ARRAY[${expected}]::text[])::int FROM migration;`;
}
