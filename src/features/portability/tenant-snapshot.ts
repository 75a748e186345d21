import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ConflictError } from '../../kernel/errors.js';
import type { TenantTable, TenantTables } from '../../platform/tenancy/tenant-tables.js';
import type { FileKey, FileStorage } from '../files/file-storage.js';
import { Digest } from './digesting.js';
import type { SpoolFolder } from './spool-folder.js';
import { travelling, type FileEntry, type TableEntry } from './manifest.js';

/** A file may be removed between the moment of the snapshot and the hold on its bytes; then a newer moment is taken. */
const ATTEMPTS = 4;
const OWNER_ONLY = { mode: 0o700 };

/**
 * One moment of a tenant: its rows in files of their own, and a hold on the bytes of its files. Taken as fast as the
 * database gives the rows, so that no transaction and no connection waits for whoever reads the archive.
 */
export class TenantSnapshot {
  tables: TableEntry[] = [];
  files: FileEntry[] = [];

  private constructor(
    private readonly ids: { snapshot: string; tenant: string },
    private readonly folder: string,
    private readonly rows: TenantTables,
    private readonly storage: FileStorage,
    private readonly signal: AbortSignal,
  ) {}

  /** Of the tenant bound to the call. Throws the signal's reason once it is aborted. */
  static async take(
    tenantId: string,
    spool: SpoolFolder,
    rows: TenantTables,
    storage: FileStorage,
    signal: AbortSignal,
  ): Promise<TenantSnapshot> {
    const id = randomUUID();
    const snapshot = new TenantSnapshot(
      { snapshot: id, tenant: tenantId },
      await spool.place(id),
      rows,
      storage,
      signal,
    );
    try {
      for (let attempt = 1; ; attempt++) {
        await mkdir(snapshot.folder, OWNER_ONLY);
        await rows.snapshot(() => snapshot.spool());
        const gone = await snapshot.holdFiles();
        if (gone === undefined) return snapshot;
        if (attempt === ATTEMPTS) throw new ConflictError(`The bytes of file ${gone} are missing.`);
        await snapshot.dispose();
      }
    } catch (error) {
      await snapshot.dispose();
      throw error;
    }
  }

  readTable(table: string): Readable {
    return createReadStream(join(this.folder, table));
  }

  async readFile(id: string): Promise<Readable> {
    const content = await this.storage.readHeld(this.keyOf(id), this.ids.snapshot);
    if (!content) throw new Error(`the hold on file ${id} was lost`);
    return content;
  }

  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await this.storage.release(this.ids.snapshot);
  }

  private async spool(): Promise<void> {
    this.tables = [];
    this.files = [];
    for (const table of travelling(this.rows.list())) this.tables.push(await this.spoolTable(table));
  }

  private async spoolTable({ name, columns }: TenantTable): Promise<TableEntry> {
    const digest = new Digest();
    const target = await open(join(this.folder, name), 'wx', 0o600);
    let rows = 0;
    try {
      for await (const lines of this.rows.lines(name)) {
        this.signal.throwIfAborted();
        const text = Buffer.from(`${lines.join('\n')}\n`);
        digest.add(text);
        rows += lines.length;
        await target.writeFile(text);
        if (name === 'file') this.files.push(...lines.map(fileOf));
      }
    } finally {
      await target.close();
    }
    return { table: name, columns, rows, ...digest.end() };
  }

  private keyOf(fileId: string): FileKey {
    return { tenantId: this.ids.tenant, fileId };
  }

  /** The id of a file whose bytes are not there any more; undefined when all are held. */
  private async holdFiles(): Promise<string | undefined> {
    for (const { id } of this.files) {
      this.signal.throwIfAborted();
      if (!(await this.storage.hold(this.keyOf(id), this.ids.snapshot))) return id;
    }
    return undefined;
  }
}

/** What the row of a file says of its bytes. */
export function fileOf(line: string): FileEntry {
  const { id, size, sha256 } = JSON.parse(line) as { id: string; size: string; sha256: string };
  return { id, bytes: Number(size), sha256 };
}
