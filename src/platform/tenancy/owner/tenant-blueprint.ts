import { escapeIdentifier, type ClientBase } from 'pg';
import { rightsOn } from './append-only.js';
import { runMigrations, type MigrationClass, type SentStatement } from './migration-runner.js';
import { readCatalog, tablesOf, type SchemaCatalog } from './tenant-catalog.js';
import { newSchemaName, quoteSchema } from '../tenant-schema.js';

/** What one migration sent, and the tables that there were after it. */
interface Step {
  name: string;
  statements: SentStatement[];
  tables: string[];
}

/** How a schema gets from an older version to the newest without the migrations' code. */
export interface Upgrade {
  /** Names of the migrations that its ledger must have, no more and no fewer. */
  had: string[];
  /** Names of those that it gets. */
  migrations: string[];
  /** All they send, for the schema that was named. */
  sql: string;
}

const ANY_SCHEMA = /\bt_[a-z2-7]{26}\b/g;

const FIRST_WITH_MEMBERSHIP_OPTIONS = 16;

/**
 * That the login may take the role and has none of its rights before. PostgreSQL 15 knows that only of the login as a
 * whole, which is NOINHERIT; the start is refused where it is not any more.
 */
function membership(serverVersion: string): string {
  const isKeptInGrant = Number.parseInt(serverVersion, 10) >= FIRST_WITH_MEMBERSHIP_OPTIONS;
  return isKeptInGrant ? 'WITH INHERIT FALSE, SET TRUE, ADMIN FALSE' : '';
}

/**
 * Makes an empty schema and its role, which `login` may take; then all that follows is done as the owner, in there.
 * `serverVersion` is PostgreSQL's, as `18.4`.
 */
export function openSchema(
  schemaName: string,
  tenantOwner: string,
  serverVersion: string,
  login?: string,
): string {
  const schema = quoteSchema(schemaName);
  return `
    CREATE ROLE ${schema} NOLOGIN NOINHERIT;
    ${login === undefined ? '' : `GRANT ${schema} TO "${login}" ${membership(serverVersion)};`}
    CREATE SCHEMA ${schema} AUTHORIZATION "${tenantOwner}";
    ${enterSchema(schemaName, tenantOwner)}`;
}

/** From here to the end of the transaction: as the owner of all tenants, alone in this schema. */
export function enterSchema(schemaName: string, tenantOwner: string): string {
  return `
    SELECT pg_advisory_xact_lock(hashtextextended('${schemaName}', 0));
    SET LOCAL ROLE "${tenantOwner}";
    SET LOCAL search_path = ${quoteSchema(schemaName)};`;
}

/**
 * What the tenant's role may do in its schema: the rows of these tables, and nothing else. They are named, since for ALL
 * TABLES IN SCHEMA PostgreSQL reads the whole of pg_class several times: with 6,000 tenants 0.1 s.
 */
export function grantToTenant(schemaName: string, tables: readonly string[]): string {
  const schema = quoteSchema(schemaName);
  return `GRANT USAGE ON SCHEMA ${schema} TO ${schema};${grantTables(schemaName, tables)}`;
}

function grantTables(schemaName: string, tables: readonly string[]): string {
  const schema = quoteSchema(schemaName);
  return tables
    .map((table) => `GRANT ${rightsOn(table)} ON TABLE ${schema}.${escapeIdentifier(table)} TO ${schema};`)
    .join('');
}

/**
 * What the migrations make of an empty schema: its catalog, by which every tenant's is judged, and the statements that
 * make it, by which new ones are made in one message.
 */
export class TenantBlueprint implements SchemaCatalog {
  private constructor(
    readonly facts: readonly string[],
    readonly fingerprint: string,
    private readonly template: string,
    private readonly steps: readonly Step[],
  ) {}

  /** The tables that a tenant has. */
  get tables(): readonly string[] {
    return this.steps.at(-1)!.tables;
  }

  private get statements(): SentStatement[] {
    return this.steps.flatMap(({ statements }) => statements);
  }

  /**
   * Migrates a new schema on a connection inside a transaction, which the caller rolls back: nothing of it is needed
   * any more. Throws when a migration names the schema of a tenant.
   */
  static async draw(
    client: ClientBase,
    tenantOwner: string,
    serverVersion: string,
    migrations: readonly MigrationClass[],
  ): Promise<TenantBlueprint> {
    const template = newSchemaName();
    const steps: Step[] = [];
    let statements: SentStatement[] = [];
    await client.query(openSchema(template, tenantOwner, serverVersion));
    await runMigrations(client, template, serverVersion, migrations, {
      sending(statement) {
        for (const [name] of statement.sql.matchAll(ANY_SCHEMA)) {
          if (name !== template) throw new Error(`a migration names the schema of one tenant: ${name}`);
        }
        statements.push(statement);
      },
      async migrated(name) {
        steps.push({ name, statements, tables: await tablesOf(client, template) });
        statements = [];
      },
    });
    await client.query(grantToTenant(template, steps.at(-1)!.tables));
    const { facts, fingerprint } = await readCatalog(client, template);
    return new TenantBlueprint(facts, fingerprint, template, steps);
  }

  /**
   * How a schema of that version gets to the newest in one message; undefined when the migrations in between must be
   * run by their code: one that asked PostgreSQL something may do something else in another schema.
   */
  upgrade(schemaName: string, version: string): Upgrade | undefined {
    const reached = this.steps.findIndex(({ name }) => name === version);
    const pending = this.steps.slice(reached + 1);
    const statements = pending.flatMap((step) => step.statements);
    if (reached < 0 || pending.length === 0 || !statements.every(isBlind)) return undefined;
    const had = this.steps.slice(0, reached + 1);
    const tables = this.tables.filter((table) => !had.at(-1)!.tables.includes(table));
    return {
      had: had.map(({ name }) => name),
      migrations: pending.map(({ name }) => name),
      sql:
        statements.map(({ sql }) => `${this.addressed(sql, schemaName)}\n;`).join('') +
        grantTables(schemaName, tables),
    };
  }

  /** Fills an empty schema, on a connection that has entered it. Few messages, since time is what they cost. */
  async replay(client: ClientBase, schemaName: string, before: string): Promise<void> {
    let message = before;
    for (const { sql, parameters } of this.statements) {
      const addressed = this.addressed(sql, schemaName);
      if (parameters.length === 0) {
        message += `${addressed}\n;`;
        continue;
      }
      await client.query(message);
      message = '';
      await client.query(addressed, [...parameters]);
    }
    await client.query(message + grantToTenant(schemaName, this.tables));
  }

  /** The same where a message must hold one statement: Citus passes an index on by the text of its message. */
  async replayOneByOne(client: ClientBase, schemaName: string): Promise<void> {
    for (const { sql, parameters } of this.statements)
      await client.query(
        this.addressed(sql, schemaName),
        parameters.length > 0 ? [...parameters] : undefined,
      );
    await client.query(grantToTenant(schemaName, this.tables));
  }

  private addressed(sql: string, schemaName: string): string {
    return sql.replaceAll(this.template, schemaName);
  }
}

/** Whether it can be sent again as it was, in a message with others, by one who has not seen the schema. */
const isBlind = ({ parameters, hasAnswer }: SentStatement): boolean => parameters.length === 0 && !hasAnswer;
