import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';

/** Counted up when FACTS changes, so that fingerprints taken by different rules are never compared. */
const METHOD = 2;
/** At most so many differences are told; one mistake often has many traces. */
const TOLD_DIFFERENCES = 3;

const acl = (list: string, kind: string, owner: string): string => `(
  SELECT string_agg(concat_ws('=', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, privilege_type,
                              CASE WHEN is_grantable THEN 'grantable' END), ',' ORDER BY grantee::regrole::text, privilege_type)
    FROM aclexplode(coalesce(${list}, acldefault(${kind}, ${owner}))))`;

/**
 * One line for each fact of a schema. What belongs to it is found by pg_depend, whose index begins with what is
 * depended on: pg_class has none by namespace, and would be read whole. Of the ledger of migrations only its owner
 * and privileges count; its rows are the version.
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
                   'at', rank() OVER (PARTITION BY t.oid ORDER BY a.attnum), 'is', format_type(a.atttypid, a.atttypmod),
                   CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
                   nullif(a.attidentity, ''), nullif(a.attgenerated, ''), nullif(a.attcollation, y.typcollation)::regcollation,
                   a.attacl::text)
    FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE t.relkind <> 'S'
  UNION ALL
  SELECT concat_ws(' ', 'constraint', t.relname || '.' || k.conname, 'is', pg_get_constraintdef(k.oid),
                   CASE WHEN NOT k.convalidated THEN 'NOT VALID' END)
    FROM t JOIN pg_constraint k ON k.conrelid = t.oid
  UNION ALL
  SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'invalid' END)
    FROM t JOIN pg_index i ON i.indrelid = t.oid
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
