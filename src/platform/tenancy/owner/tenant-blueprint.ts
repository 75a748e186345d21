import type { ClientBase } from 'pg';
import { runMigrations, type MigrationClass } from './migration-runner.js';
import { readCatalog, type SchemaCatalog } from './tenant-catalog.js';
import { keepAppendOnly } from './append-only.js';
import { newSchemaName, quoteSchema } from '../tenant-schema.js';

interface Statement {
  sql: string;
  parameters: readonly unknown[];
}

const ANY_SCHEMA = /\bt_[a-z2-7]{26}\b/g;

/** Makes an empty schema and its role, which `login` may take; then all that follows is done as the owner, in there. */
export function openSchema(schemaName: string, tenantOwner: string, login?: string): string {
  const schema = quoteSchema(schemaName);
  return `
    CREATE ROLE ${schema} NOLOGIN NOINHERIT;
    ${login === undefined ? '' : `GRANT ${schema} TO "${login}" WITH INHERIT FALSE, SET TRUE, ADMIN FALSE;`}
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

/** What the tenant's role may do in its schema: its rows, and nothing else. */
export function grantToTenant(schemaName: string): string {
  const schema = quoteSchema(schemaName);
  return `
    GRANT USAGE ON SCHEMA ${schema} TO ${schema};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${schema};
    REVOKE ALL ON TABLE ${schema}.migration FROM ${schema};
    ${keepAppendOnly(schema, schema)}`;
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
    private readonly statements: readonly Statement[],
  ) {}

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
    const statements: Statement[] = [];
    await client.query(openSchema(template, tenantOwner));
    await runMigrations(client, template, serverVersion, migrations, (sql, parameters) => {
      for (const [name] of sql.matchAll(ANY_SCHEMA)) {
        if (name !== template) throw new Error(`a migration names the schema of one tenant: ${name}`);
      }
      statements.push({ sql, parameters });
    });
    await client.query(grantToTenant(template));
    const { facts, fingerprint } = await readCatalog(client, template);
    return new TenantBlueprint(facts, fingerprint, template, statements);
  }

  /** Fills an empty schema, on a connection that has entered it. Few messages, since time is what they cost. */
  async replay(client: ClientBase, schemaName: string, before: string): Promise<void> {
    let message = before;
    for (const { sql, parameters } of this.statements) {
      const addressed = sql.replaceAll(this.template, schemaName);
      if (parameters.length === 0) {
        message += `${addressed}\n;`;
        continue;
      }
      await client.query(message);
      message = '';
      await client.query(addressed, [...parameters]);
    }
    await client.query(message + grantToTenant(schemaName));
  }
}
