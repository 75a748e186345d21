import { randomBytes } from 'node:crypto';

/**
 * The only place that makes or checks an SQL identifier of a tenant. Names are opaque, so that what any role can
 * read in the system catalogs says nothing about who the tenants are.
 */
const SCHEMA_NAME = /^t_[a-z2-7]{26}$/;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const NAME_LENGTH = 26;

/** What stands in the SQL of every tenant entity until the caller's own schema takes its place. */
export const PLACEHOLDER_SCHEMA = '__tenant__';
const PLACEHOLDER_REFERENCE = new RegExp(`"${PLACEHOLDER_SCHEMA}"\\.`, 'g');

/** A new random name for a schema and its role: `t_` and 26 base32 characters (130 bits). */
export function newSchemaName(): string {
  return 't_' + Array.from(randomBytes(NAME_LENGTH), (byte) => BASE32[byte & 31]).join('');
}

/** The name in double quotes; throws for anything that is not a tenant's schema name. */
export function quoteSchema(name: string): string {
  if (!SCHEMA_NAME.test(name)) throw new Error('not the name of a tenant schema');
  return `"${name}"`;
}

/** A table of the caller's tenant, for SQL written by hand: `"__tenant__"."vendor"`. */
export function tenantTable(table: string): string {
  if (!/^[a-z_]+$/.test(table)) throw new Error('not the name of a table');
  return `"${PLACEHOLDER_SCHEMA}"."${table}"`;
}

/** The statement with the tenant's schema in the place of the placeholder. */
export function addressSchema(sql: string, schemaName: string): string {
  return sql.replace(PLACEHOLDER_REFERENCE, `${quoteSchema(schemaName)}.`);
}
