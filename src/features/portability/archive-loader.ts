import { Inject, Injectable } from '@nestjs/common';
import { TenantContext } from '../../platform/tenancy/tenant-context.js';
import { RefusedRowError, TenantTables, type TenantTable } from '../../platform/tenancy/tenant-tables.js';
import { FileStorage } from '../files/file-storage.js';
import { ArchiveError } from './archive.error.js';
import type { ArchiveReader } from './archive-reader.js';
import { linesOf } from './digesting.js';
import { tablePath, travelling, type FileEntry, type Manifest } from './manifest.js';
import type { Advance } from './progress.js';
import { fileOf } from './tenant-snapshot.js';

const MAX_LINE_BYTES = 1024 * 1024;
const MAX_BATCH_ROWS = 500;
const MAX_BATCH_CHARACTERS = 1024 * 1024;

/** Puts what an archive holds into the empty tables, and the storage, of the tenant bound to the call. */
@Injectable()
export class ArchiveLoader {
  constructor(
    @Inject(TenantTables) private readonly rows: TenantTables,
    @Inject(TenantContext) private readonly context: TenantContext,
    private readonly storage: FileStorage,
  ) {}

  /** All rows in one transaction, then the files. Throws ArchiveError for whatever is not as the manifest says. */
  async load(archive: ArchiveReader, advance: Advance): Promise<void> {
    const { manifest } = archive;
    const tables = travelling(this.rows.list());
    assertSameTables(tables, manifest);
    await this.context.transaction(async () => {
      for (const table of tables) await this.loadTable(archive, table, advance);
      await this.assertFilesMatch(manifest.files);
    });
    for (const file of manifest.files) await this.loadFile(archive, file, advance);
  }

  /** Puts back those files whose bytes were removed after `load` had stored them. */
  async mend(archive: ArchiveReader): Promise<void> {
    const { tenantId } = this.context.binding;
    for (const file of archive.manifest.files) {
      const isThere = await this.storage.has({ tenantId, fileId: file.id });
      if (!isThere) await this.loadFile(archive, file, () => undefined);
    }
  }

  private async loadTable(archive: ArchiveReader, { name, columns }: TenantTable, advance: Advance) {
    const entry = archive.manifest.tables.find(({ table }) => table === name)!;
    const path = tablePath(name);
    let batch: string[] = [];
    let characters = 0;
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await this.insert(name, batch);
      batch = [];
      characters = 0;
    };
    for await (const line of linesOf(archive.table(entry), MAX_LINE_BYTES, path)) {
      assertRow(line, columns, path);
      advance(Buffer.byteLength(line) + 1);
      batch.push(line);
      characters += line.length;
      if (batch.length === MAX_BATCH_ROWS || characters > MAX_BATCH_CHARACTERS) await flush();
    }
    await flush();
    if ((await this.rows.count(name)) !== entry.rows)
      throw new ArchiveError(`${path} has not as many rows as the manifest says`);
  }

  private async insert(table: string, lines: readonly string[]): Promise<void> {
    try {
      await this.rows.insert(table, lines);
    } catch (cause) {
      throw cause instanceof RefusedRowError ? new ArchiveError(cause.message, { cause }) : cause;
    }
  }

  private async assertFilesMatch(files: readonly FileEntry[]): Promise<void> {
    const expected = new Map(files.map((file) => [file.id, file]));
    for await (const lines of this.rows.lines('file')) {
      for (const { id, bytes, sha256 } of lines.map(fileOf)) {
        const file = expected.get(id);
        if (file?.bytes !== bytes || file.sha256 !== sha256)
          throw new ArchiveError(`the row of file ${id} and the manifest disagree`);
        expected.delete(id);
      }
    }
    for (const id of expected.keys()) throw new ArchiveError(`there is no row of file ${id}`);
  }

  private async loadFile(archive: ArchiveReader, file: FileEntry, advance: Advance): Promise<void> {
    const { tenantId } = this.context.binding;
    const incoming = await this.storage.receive({ tenantId, fileId: file.id });
    try {
      for await (const chunk of archive.file(file)) {
        await incoming.write(chunk);
        advance(chunk.length);
      }
      await incoming.end();
      await incoming.keep();
    } finally {
      await incoming.discard();
    }
  }
}

function assertSameTables(tables: readonly TenantTable[], manifest: Manifest): void {
  const shape = (list: readonly { name: string; columns: readonly string[] }[]): string =>
    JSON.stringify(list.map(({ name, columns }) => [name, columns.toSorted()]).toSorted());
  const given = manifest.tables.map(({ table, columns }) => ({ name: table, columns }));
  if (shape(given) !== shape(tables))
    throw new ArchiveError('the tables or columns in the archive are not those of this version');
}

/** PostgreSQL would overlook a column it does not know, and take two objects on a line for two rows. */
function assertRow(line: string, columns: readonly string[], path: string): void {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    throw new ArchiveError(`${path} has a line that is not JSON`);
  }
  const names = typeof row === 'object' && row !== null && !Array.isArray(row) ? Object.keys(row) : [];
  if (names.length !== columns.length || !columns.every((column) => names.includes(column)))
    throw new ArchiveError(`${path} has a row with other columns than the table`);
}
