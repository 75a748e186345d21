import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';

/** Counted up when FACTS changes, so that fingerprints taken by different rules are never compared. */
const METHOD = 4;
/** At most so many differences are told; one mistake often has many traces. */
const TOLD_DIFFERENCES = 3;

/** Privileges as PostgreSQL writes them, `grantee=arwd/grantor`, whatever the order in which they were granted. */
const acl = (list: string, kind: string, owner: string): string =>
  `(SELECT string_agg(e::text, ',' ORDER BY e::text COLLATE "C") FROM unnest(coalesce(${list}, acldefault(${kind}, ${owner}))) AS e)`;

/** Numbers below are given out by PostgreSQL itself, so they mean the same everywhere. */
const FIRST_OWN_OID = 16_384;
/** Names of columns by their numbers, which differ where one was dropped before. */
const columns = (keys: string, table: string): string => `(
  SELECT string_agg(coalesce(a.attname::text, '(expression)'), ',' ORDER BY key.place)
    FROM unnest(${keys}) WITH ORDINALITY AS key (number, place)
    LEFT JOIN pg_attribute a ON a.attrelid = ${table} AND a.attnum = key.number)`;
/** Most indexes are plain lists of columns; having PostgreSQL word those costs ten times as much. */
const IS_PLAIN = `i.indexprs IS NULL AND i.indpred IS NULL
                   AND ${FIRST_OWN_OID} > ALL (i.indclass::oid[]) AND ${FIRST_OWN_OID} > ALL (i.indcollation::oid[])`;

/**
 * One line for each fact of a schema. What belongs to it is found by pg_depend, whose index begins with what is
 * depended on: pg_class has none by namespace, and would be read whole. Of the ledger of migrations only its owner
 * and privileges count; its rows are the version. A fleet pays for each call: what the catalog's own columns say as
 * well is not worded by PostgreSQL's functions, which look up much for each. A plain NOT NULL is told with its column; its
 * name, which PostgreSQL 18 gives it, is left out, since Citus gives another to a table that changes its schema.
 */
const FACTS = `
  WITH n AS (SELECT * FROM pg_namespace WHERE nspname = $1),
  o AS MATERIALIZED (
    SELECT d.classid, d.objid FROM pg_depend d
     WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = (SELECT oid FROM n)),
  r AS MATERIALIZED (
    SELECT c.* FROM o JOIN pg_class c ON c.oid = o.objid WHERE o.classid = 'pg_class'::regclass),
  t AS MATERIALIZED (SELECT * FROM r WHERE relname NOT IN ('migration', 'migration_id_seq'))
  SELECT concat_ws(' ', 'schema of', nspowner::regrole, ${acl('nspacl', "'n'", 'nspowner')}) AS fact FROM n
  UNION ALL
  SELECT concat_ws(' ', 'relation', relname, relkind, 'of', relowner::regrole, relpersistence, relrowsecurity,
                   relforcerowsecurity, relreplident, reloptions::text,
                   ${acl('relacl', "(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\"", 'relowner')}) FROM r
  UNION ALL
  SELECT concat_ws(' ', 'column', t.relname || '.' || a.attname,
                   'at', rank() OVER (PARTITION BY t.oid ORDER BY a.attnum), 'is',
                   CASE WHEN y.oid >= ${FIRST_OWN_OID} THEN y.typnamespace::regnamespace END, y.typname, nullif(a.atttypmod, -1),
                   CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, CASE a.attgenerated WHEN '' THEN 0 ELSE d.adrelid END),
                   nullif(a.attidentity, ''), nullif(a.attgenerated, ''), nullif(a.attcollation, y.typcollation)::regcollation,
                   a.attacl::text)
    FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef
   WHERE t.relkind <> 'S'
  UNION ALL
  SELECT concat_ws(' ', 'constraint', t.relname || '.' || k.conname, 'is',
                   CASE k.contype
                     WHEN 'n' THEN (SELECT 'NOT NULL ' || a.attname FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = k.conkey[1])
                     WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE'
                     ELSE pg_get_constraintdef(k.oid) END,
                   CASE WHEN k.connoinherit THEN 'no inherit' END, CASE WHEN k.condeferrable THEN 'deferrable' END, CASE WHEN k.condeferred THEN 'deferred' END,
                   CASE WHEN NOT k.convalidated THEN 'NOT VALID' END)
    FROM t JOIN pg_constraint k ON k.conrelid = t.oid
     AND NOT (k.contype = 'n' AND k.convalidated AND NOT k.connoinherit)
  UNION ALL
  SELECT concat_ws(' ', 'index', t.relname || '.' || x.relname, 'is',
                   CASE WHEN ${IS_PLAIN}
                        THEN concat_ws(' ', x.relam, ${columns('i.indkey::int2[]', 'i.indrelid')}, i.indnkeyatts, i.indclass::text,
                                       i.indcollation::text, i.indoption::text, x.reloptions::text)
                        ELSE pg_get_indexdef(i.indexrelid) END,
                   CASE WHEN i.indisunique THEN 'unique' END, CASE WHEN i.indnullsnotdistinct THEN 'nulls not distinct' END,
                   CASE WHEN i.indisprimary THEN 'primary' END, CASE WHEN i.indisexclusion THEN 'exclusion' END,
                   CASE WHEN NOT i.indimmediate THEN 'deferrable' END, CASE WHEN i.indisclustered THEN 'clustered' END,
                   CASE WHEN i.indisreplident THEN 'replica identity' END, CASE WHEN NOT i.indisvalid THEN 'invalid' END)
    FROM t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class x ON x.oid = i.indexrelid
  UNION ALL
  SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(g.oid), g.tgenabled)
    FROM t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
  UNION ALL
  SELECT concat_ws(' ', 'policy', t.relname || '.' || p.polname, p.polcmd, p.polpermissive,
                   pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM t JOIN pg_policy p ON p.polrelid = t.oid
  UNION ALL
  SELECT concat_ws(' ', 'view', relname, 'is', pg_get_viewdef(oid)) FROM t WHERE relkind IN ('v', 'm')
  UNION ALL
  SELECT concat_ws(' ', 'sequence', t.relname, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
    FROM t JOIN pg_sequence s ON s.seqrelid = t.oid
  UNION ALL
  SELECT concat_ws(' ', 'type', y.typname, y.typtype, 'of', y.typowner::regrole, y.typbasetype::regtype, y.typnotnull, y.typdefault,
                   (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = y.oid))
    FROM o JOIN pg_type y ON y.oid = o.objid WHERE o.classid = 'pg_type'::regclass AND y.typtype IN ('e', 'd', 'r')
  UNION ALL
  SELECT concat_ws(' ', 'routine', p.oid::regprocedure, 'of', p.proowner::regrole, md5(concat_ws(' ', p.prosrc, p.prosqlbody::text)),
                   p.prosecdef, p.proconfig::text, ${acl('p.proacl', "'f'", 'p.proowner')})
    FROM o JOIN pg_proc p ON p.oid = o.objid WHERE o.classid = 'pg_proc'::regclass`;

/** The fingerprint of the same facts, taken where they are; `C` sorts as JavaScript does. */
const FINGERPRINT = `
  SELECT encode(sha256(convert_to(string_agg(f.fact, E'\\n' ORDER BY f.fact COLLATE "C"), 'UTF8')), 'hex') AS fingerprint
    FROM (SELECT replace(fact, $1, '@') AS fact FROM (${FACTS}) AS named) AS f`;

/** The same, as a statement that fails unless the fingerprint is the right one: so one message can end with COMMIT. */
const CHECK = `
  PREPARE schema_check (text, text) AS
  SELECT 1 / coalesce(f.fingerprint = $2, false)::int FROM (${FINGERPRINT}) AS f`;
const prepared = new WeakSet<ClientBase>();

/** Tables and views of a schema, the ledger of migrations aside. */
const TABLES = `
  SELECT c.relname::text AS name FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
   WHERE d.refclassid = 'pg_namespace'::regclass AND d.classid = 'pg_class'::regclass
     AND d.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = $1)
     AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> 'migration' ORDER BY 1`;

/** Whether definitions name the schema depends on the path; one for all, so that the statements below are planned once. */
const LEAVE_SCHEMA = "SET LOCAL search_path = ''";

/** By which rules fingerprints are taken here: PostgreSQL's versions word some facts differently. */
export const fingerprintMethod = (serverVersion: string): string =>
  `${METHOD}/${serverVersion.split('.')[0]}`;

/** What a schema is, whatever its name and its objects' numbers. */
export interface SchemaCatalog {
  facts: readonly string[];
  fingerprint: string;
}

/** Reads what the catalog says of a schema, on a connection that is inside a transaction, and leaves the schema. */
export async function readCatalog(client: ClientBase, schemaName: string): Promise<SchemaCatalog> {
  await client.query(LEAVE_SCHEMA);
  const { rows } = await client.query<{ fact: string }>({
    name: 'schema-facts',
    text: FACTS,
    values: [schemaName],
  });
  const facts = rows.map(({ fact }) => fact.replaceAll(schemaName, '@')).sort();
  return { facts, fingerprint: createHash('sha256').update(facts.join('\n')).digest('hex') };
}

/** Whether a schema is as it should be. As `readCatalog`, but only the fingerprint travels. */
export async function hasFingerprint(
  client: ClientBase,
  schemaName: string,
  fingerprint: string,
): Promise<boolean> {
  await client.query(LEAVE_SCHEMA);
  const { rows } = await client.query<{ fingerprint: string }>({
    name: 'schema-fingerprint',
    text: FINGERPRINT,
    values: [schemaName],
  });
  return rows[0]!.fingerprint === fingerprint;
}

/** Makes `checkingStatements` work on this connection. */
export async function prepareCheck(client: ClientBase): Promise<void> {
  if (prepared.has(client)) return;
  await client.query(CHECK);
  prepared.add(client);
}

/** Statements that leave the schema, and fail (division_by_zero) unless it is as it should be. */
export function checkingStatements(schemaName: string, fingerprint: string): string {
  return `${LEAVE_SCHEMA}; SET LOCAL plan_cache_mode = force_generic_plan; EXECUTE schema_check ('${schemaName}', '${fingerprint}');`;
}

/** Names of the tables and views of a schema, in order. */
export async function tablesOf(client: ClientBase, schemaName: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(TABLES, [schemaName]);
  return rows.map(({ name }) => name);
}

/** A tenant's schema is not what the migrations make. */
export class SchemaDriftError extends Error {
  constructor(differences: string) {
    super(differences);
    this.name = 'SchemaDriftError';
  }
}

/** Throws SchemaDriftError, with the first differences in words, unless the schema is as it should be. */
export function assertSameCatalog(actual: SchemaCatalog, expected: SchemaCatalog): void {
  const differences = differencesOf(actual, expected);
  if (differences !== undefined) throw new SchemaDriftError(differences);
}

/** In words, in what the schema is not as it should be; undefined when it is. */
export function differencesOf(actual: SchemaCatalog, expected: SchemaCatalog): string | undefined {
  if (actual.fingerprint === expected.fingerprint) return undefined;
  const missing = expected.facts.filter((fact) => !actual.facts.includes(fact));
  const extra = actual.facts.filter((fact) => !expected.facts.includes(fact));
  const told = [...missing.map((fact) => `missing ${fact}`), ...extra.map((fact) => `unexpected ${fact}`)];
  const rest = told.length > TOLD_DIFFERENCES ? `; and ${told.length - TOLD_DIFFERENCES} more` : '';
  return `its schema is not what the migrations make: ${told.slice(0, TOLD_DIFFERENCES).join('; ')}${rest}`;
}
