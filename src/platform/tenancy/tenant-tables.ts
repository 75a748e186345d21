import type { EntityMetadata } from 'typeorm';
import type { TenantContext } from './tenant-context.js';

/** JSON numbers hold less than these, so they travel as text. */
const WIDE_NUMBERS = new Set(['bigint', 'int8', 'numeric', 'decimal']);
const ROWS_PER_PAGE = 1000;
/** SQLSTATE classes for values that a table does not take: data exceptions, constraints. */
const REFUSED_ROW = /^2[23]...$/;

/** A table does not take a row: its values are not of the column's type, or a constraint forbids them. */
export class RefusedRowError extends Error {
  constructor(table: string, reason: string, options?: ErrorOptions) {
    super(`the table ${table} does not take a row: ${reason}`, options);
    this.name = 'RefusedRowError';
  }
}

/** A table of the tenants' model. */
export interface TenantTable {
  name: string;
  columns: string[];
}

/** All rows of the tenant bound to the call, whatever tables the model has. PostgreSQL itself makes and reads the JSON. */
export class TenantTables {
  constructor(private readonly context: TenantContext) {}

  /** The tables of the model, parents before children. */
  list(): TenantTable[] {
    return inOrderOfReference(this.metadatas()).map((metadata) => ({
      name: metadata.tableName,
      columns: columnsOf(metadata),
    }));
  }

  /** Runs work, all of whose reads see the same moment, in one transaction that cannot write. */
  snapshot<T>(work: () => Promise<T>): Promise<T> {
    return this.context.transaction(async () => {
      await this.context.manager.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      return work();
    });
  }

  /** Every row as one line of JSON, in the order of the primary key, a page of them at a time. */
  async *lines(table: string): AsyncGenerator<string[]> {
    const metadata = this.metadataOf(table);
    const keys = metadata.primaryColumns.map(({ databaseName }) => quoted(databaseName));
    const values = metadata.columns
      .filter(({ databaseName }) => columnsOf(metadata).includes(databaseName))
      .map(({ databaseName, type, isArray }) => {
        const name = quoted(databaseName);
        const isWide = WIDE_NUMBERS.has(String(type));
        return isWide ? `${name}::text${isArray ? '[]' : ''} AS ${name}` : name;
      });
    const after = keys.map((_, index) => `$${index + 1}`);
    let last: string[] | undefined;
    do {
      const rows: { line: string; key: string[] }[] = await this.context.manager.query(
        `SELECT (SELECT row_to_json(item) FROM (SELECT ${values.join(', ')}) AS item)::text AS line,
                ARRAY[${keys.map((key) => `${key}::text`).join(', ')}] AS key
           FROM ${pathOf(metadata)}
          ${last ? `WHERE (${keys.join(', ')}) > (${after.join(', ')})` : ''}
          ORDER BY ${keys.join(', ')} LIMIT ${ROWS_PER_PAGE}`,
        last ?? [],
      );
      if (rows.length > 0) yield rows.map(({ line }) => line);
      last = rows.length === ROWS_PER_PAGE ? rows.at(-1)!.key : undefined;
    } while (last);
  }

  /** Inserts rows as `lines` gave them. Throws RefusedRowError. */
  async insert(table: string, lines: readonly string[]): Promise<void> {
    const metadata = this.metadataOf(table);
    const columns = columnsOf(metadata).map(quoted).join(', ');
    try {
      await this.context.manager.query(
        `INSERT INTO ${pathOf(metadata)} (${columns})
         SELECT ${columns} FROM json_populate_recordset(NULL::${pathOf(metadata)}, $1::json)`,
        [`[${lines.join(',')}]`],
      );
    } catch (cause) {
      const { code, message } = cause as { code?: string; message?: string };
      if (code === undefined || !REFUSED_ROW.test(code)) throw cause;
      throw new RefusedRowError(table, message ?? code, { cause });
    }
  }

  async count(table: string): Promise<number> {
    const rows: { count: string }[] = await this.context.manager.query(
      `SELECT count(*) AS count FROM ${pathOf(this.metadataOf(table))}`,
    );
    return Number(rows[0]!.count);
  }

  private metadataOf(table: string): EntityMetadata {
    const found = this.metadatas().find(({ tableName }) => tableName === table);
    if (!found) throw new Error('no such table in the model');
    return found;
  }

  private metadatas(): EntityMetadata[] {
    return this.context.manager.dataSource.entityMetadatas;
  }
}

const quoted = (name: string): string => `"${name}"`;
const pathOf = ({ schema, tableName }: EntityMetadata): string =>
  `${quoted(schema ?? '')}.${quoted(tableName)}`;

const columnsOf = ({ columns }: EntityMetadata): string[] => [
  ...new Set(
    columns
      .filter((column) => !column.isVirtualProperty && column.generatedType === undefined)
      .map(({ databaseName }) => databaseName),
  ),
];

function inOrderOfReference(metadatas: readonly EntityMetadata[]): EntityMetadata[] {
  const ordered: EntityMetadata[] = [];
  const waiting = new Set(metadatas);
  while (waiting.size > 0) {
    const free = [...waiting].filter((metadata) =>
      metadata.foreignKeys.every(
        ({ referencedEntityMetadata: parent }) => parent === metadata || !waiting.has(parent),
      ),
    );
    if (free.length === 0) throw new Error('tables of the model refer to each other in a circle');
    free.sort((one, other) => (one.tableName < other.tableName ? -1 : 1));
    for (const metadata of free) {
      ordered.push(metadata);
      waiting.delete(metadata);
    }
  }
  return ordered;
}
