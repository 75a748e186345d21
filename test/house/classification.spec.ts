import { readFileSync, writeFileSync } from 'node:fs';
import { Column, Entity, getMetadataArgsStorage, PrimaryColumn } from 'typeorm';
import { AppModule } from '../../src/app.module.js';
import { Internal, marksOf, namesNotLogged, type Mark } from '../../src/kernel/classification.js';
import { loadedEntities } from '../../src/platform/tenancy/registry/registry.js';

const DOCUMENT = 'docs/data-classification.md';

/** Types whose values say nothing by themselves; of any other column somebody must say what it tells. */
const SILENT = new Set<unknown>(['uuid', 'timestamptz', 'int', 'integer', 'smallint', 'bigint', 'boolean']);
const isSilent = (type: unknown): boolean => SILENT.has(type) || type === Number || type === undefined;

type EntityClass = new () => object;

interface MarkedColumn {
  table: string;
  column: string;
  isSilent: boolean;
  mark: Mark | undefined;
}

function columnsOf(entity: EntityClass): MarkedColumn[] {
  const { tables, columns } = getMetadataArgsStorage();
  const { schema, name } = tables.find(({ target }) => target === entity)!;
  const own = columns.filter(
    ({ target }) => typeof target === 'function' && (target === entity || entity.prototype instanceof target),
  );
  return own.map(({ propertyName, options, mode }) => ({
    table: schema === undefined ? name! : `${schema}.${name}`,
    column: propertyName,
    isSilent: isSilent(options.type) || mode === 'version',
    mark: marksOf(entity).get(propertyName),
  }));
}

const undecided = (columns: readonly MarkedColumn[]): string[] =>
  columns
    .filter((column) => !column.isSilent && !column.mark)
    .map(({ table, column }) => `${table}.${column}`);

const WORDS: Record<string, string> = {
  email: 'first letter and domain',
  number: 'last two characters',
  shown: 'whole: readers find the row by it',
};

function asMarkdown(columns: readonly MarkedColumn[]): string {
  const rows = columns
    .filter(({ mark }) => mark && mark.kind !== 'internal')
    .map(({ table, column, mark }) => {
      const form = mark && 'form' in mark ? WORDS[mark.form] : 'never answered';
      return `| ${table} | ${column} | ${mark?.kind} | ${form} |`;
    })
    .sort();
  return [
    '# What is stored, and what it tells',
    '',
    'Made of the marks on the entities (`src/kernel/classification.ts`) by `npm run classification:export`; what is not listed is internal.',
    'No line of a log holds what stands under one of these names. Audit entries mask the values as answers do, and tell no secret ones.',
    '',
    '| table | column | kind | a reader without `personal_data:read` sees |',
    '| ----- | ------ | ---- | ------------------------------------------ |',
    ...rows,
    '',
  ].join('\n');
}

describe('the classification of what is stored', () => {
  const all = (): MarkedColumn[] => {
    expect(AppModule).toBeDefined();
    return [...loadedEntities('tenants'), ...loadedEntities('registry')].flatMap(columnsOf);
  };

  it('says of every column that can hold text what it tells', () => {
    const columns = all();
    expect(columns.length).toBeGreaterThan(150);
    expect(undecided(columns)).toEqual([]);
  });

  it('is missed where an entity says nothing', () => {
    class Undecided {
      @PrimaryColumn('uuid')
      id: string;
      @Column('text')
      note: string;
      @Column('jsonb')
      facts: object;
      @Column('text')
      @Internal()
      status: string;
    }
    const { tables, columns } = getMetadataArgsStorage();
    const [tablesBefore, columnsBefore] = [tables.length, columns.length - 4];
    Entity({ name: 'undecided' })(Undecided);
    try {
      expect(undecided(columnsOf(Undecided))).toEqual(['undecided.note', 'undecided.facts']);
    } finally {
      tables.length = tablesBefore;
      columns.length = columnsBefore;
    }
  });

  it('is what the document says', () => {
    const text = asMarkdown(all());
    if (process.env['WRITE_CLASSIFICATION'] !== undefined) writeFileSync(DOCUMENT, text);
    expect(readFileSync(DOCUMENT, 'utf8')).toBe(text);
  });

  it('calls nothing internal that is named like a secret', () => {
    const NAMED_LIKE_SECRETS = /(hash|secret|password|token|seed|private)/i;
    // Digests under a key, and of what is no secret.
    const REVIEWED = new Set(['idempotency_key.keyHash', 'platform.idempotency_key.keyHash']);
    const suspects = all()
      .filter(({ column, isSilent: silent }) => !silent && NAMED_LIKE_SECRETS.test(column))
      .filter(({ mark }) => mark?.kind !== 'secret')
      .map(({ table, column }) => `${table}.${column}`)
      .filter((name) => !REVIEWED.has(name) && !/audit_(link|log)\.(hash|baseHash)$/.test(name));
    expect(suspects).toEqual([]);
    expect(namesNotLogged().has('passwordHash')).toBe(true);
  });
});
