import { readFileSync } from 'node:fs';
import type { TenantBinding } from '../../src/platform/tenancy/tenant-binding.js';
import { openEngine, type Engine } from '../support/engine.js';

const SNAPSHOT = 'test/house/privileges.snap.md';

/** What the role may do by any grant, its own or PUBLIC's; names of its own schema read `(own)`. */
const QUERIES: Record<string, string> = {
  'usable schemas': `SELECT nspname AS name FROM pg_namespace WHERE has_schema_privilege($1, oid, 'USAGE')`,
  'schemas it may create in': `SELECT nspname AS name FROM pg_namespace WHERE has_schema_privilege($1, oid, 'CREATE')`,
  'usable languages': `SELECT lanname AS name FROM pg_language WHERE lanpltrusted AND has_language_privilege($1, oid, 'USAGE')`,
  'rights on the database': `SELECT name FROM unnest(ARRAY['CREATE', 'TEMPORARY', 'CONNECT']) AS name
     WHERE has_database_privilege($1, current_database(), name)`,
  'roles it is or may take': `SELECT rolname AS name FROM pg_roles WHERE pg_has_role($1, oid, 'MEMBER')`,
  'readable relations outside the catalog': `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
       AND has_schema_privilege($1, n.oid, 'USAGE') AND
           CASE c.relkind WHEN 'S' THEN has_sequence_privilege($1, c.oid, 'SELECT') ELSE has_any_column_privilege($1, c.oid, 'SELECT') END`,
  'writable relations': `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND has_schema_privilege($1, n.oid, 'USAGE')
       AND (has_any_column_privilege($1, c.oid, 'INSERT, UPDATE') OR has_table_privilege($1, c.oid, 'DELETE, TRUNCATE, TRIGGER'))`,
  'relations whose rows it may change or remove': `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND has_schema_privilege($1, n.oid, 'USAGE')
       AND (has_any_column_privilege($1, c.oid, 'UPDATE') OR has_table_privilege($1, c.oid, 'DELETE, TRUNCATE'))`,
  'executable volatile functions': `SELECT DISTINCT n.nspname || '.' || p.proname AS name FROM pg_proc p
      JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.provolatile = 'v' AND p.prokind = 'f' AND has_schema_privilege($1, n.oid, 'USAGE')
       AND has_function_privilege($1, p.oid, 'EXECUTE')`,
};

describe('a tenant’s role', () => {
  let engine: Engine;
  let tenant: TenantBinding;
  beforeAll(async () => {
    engine = await openEngine();
    tenant = await engine.newTenant(0);
  });
  afterAll(() => engine.end());

  async function privileges(): Promise<string> {
    const parts = [];
    for (const [title, query] of Object.entries(QUERIES)) {
      const { rows } = await engine.ownerClient.query<{ name: string }>(query, [tenant.schemaName]);
      const names = rows.map(({ name }) => name.replaceAll(tenant.schemaName, '(own)')).sort();
      parts.push(`## ${title}\n\n${names.map((name) => `- ${name}\n`).join('') || 'none\n'}`);
    }
    return parts.join('\n');
  }

  it('may do what was reviewed, and nothing else', async () => {
    expect(await privileges()).toBe(readFileSync(SNAPSHOT, 'utf8'));
  });

  it.each([
    ['a schema', 'USAGE ON SCHEMA public'],
    ['a column', 'SELECT (name) ON platform.tenant'],
    ['a function', 'EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean)'],
    ['a language', 'USAGE ON LANGUAGE plpgsql'],
  ])('differs from the reviewed file when %s is granted', async (_, right) => {
    const before = await privileges();
    const extra = right.includes('platform')
      ? `GRANT USAGE ON SCHEMA platform TO "${tenant.schemaName}";`
      : '';
    await engine.ownerClient.query(`BEGIN; ${extra} GRANT ${right} TO "${tenant.schemaName}"`);
    try {
      expect(await privileges()).not.toBe(before);
    } finally {
      await engine.ownerClient.query('ROLLBACK');
    }
  });
});
