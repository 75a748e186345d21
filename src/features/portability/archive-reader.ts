import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { ArchiveError } from './archive.error.js';
import { verified } from './digesting.js';
import {
  filePath,
  MANIFEST,
  parseManifest,
  tablePath,
  type FileEntry,
  type Manifest,
  type TableEntry,
} from './manifest.js';

const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
const STORED = 0;
const DEFLATED = 8;

/** An export, open to be read. What it holds is exactly what its manifest names; each part is verified as it is read. */
export class ArchiveReader {
  private constructor(
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
    readonly manifest: Manifest,
  ) {}

  /** Throws ArchiveError when the file is no zip, or holds more, less or other than its manifest says. */
  static async open(path: string): Promise<ArchiveReader> {
    let zip: ZipFile | undefined;
    try {
      zip = await openPromise(path, { autoClose: false, lazyEntries: true, strictFileNames: true });
      const entries = await directoryOf(zip);
      const manifest = await readManifest(zip, entries.get(MANIFEST));
      assertComplete(entries, manifest);
      return new ArchiveReader(zip, entries, manifest);
    } catch (error) {
      zip?.close();
      if (error instanceof ArchiveError) throw error;
      const { message } = error as Error;
      throw new ArchiveError(`this is not a zip that can be read: ${message}`, { cause: error });
    }
  }

  table(entry: TableEntry): AsyncGenerator<Buffer> {
    return this.read(tablePath(entry.table), entry);
  }

  file(entry: FileEntry): AsyncGenerator<Buffer> {
    return this.read(filePath(entry.id), entry);
  }

  close(): void {
    this.zip.close();
  }

  private async *read(path: string, expected: { bytes: number; sha256: string }): AsyncGenerator<Buffer> {
    const { zip, entries } = this;
    async function* chunks(): AsyncGenerator<Buffer> {
      yield* (await zip.openReadStreamPromise(entries.get(path)!)) as AsyncIterable<Buffer>;
    }
    yield* verified(chunks(), expected, path);
  }
}

/** Names that reach outside, such as `../x`, are refused by the reader of the zip, all others but ours by `assertComplete`. */
async function directoryOf(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const { fileName, compressionMethod } = entry;
    if (entries.has(fileName)) throw new ArchiveError(`${fileName} is in the archive twice`);
    if (entry.isEncrypted() || (compressionMethod !== STORED && compressionMethod !== DEFLATED))
      throw new ArchiveError(`${fileName} is encrypted, or packed in a way that is not read`);
    entries.set(fileName, entry);
  }
  return entries;
}

/** No manifest holds a hash of itself, so the checksum of the zip has to do. */
async function readManifest(zip: ZipFile, entry: Entry | undefined): Promise<Manifest> {
  if (!entry) throw new ArchiveError(`there is no ${MANIFEST}: this is not an export, or not a whole one`);
  if (entry.uncompressedSize > MAX_MANIFEST_BYTES) throw new ArchiveError(`${MANIFEST} is too large`);
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
  const content = Buffer.concat(chunks);
  if (crc32(content) !== entry.crc32) throw new ArchiveError(`${MANIFEST} is damaged`);
  return parseManifest(content.toString('utf8'));
}

function assertComplete(entries: ReadonlyMap<string, Entry>, { tables, files }: Manifest): void {
  const named = new Map<string, number>([
    ...tables.map(({ table, bytes }): [string, number] => [tablePath(table), bytes]),
    ...files.map(({ id, bytes }): [string, number] => [filePath(id), bytes]),
  ]);
  if (named.size !== tables.length + files.length)
    throw new ArchiveError('the manifest names something twice');
  for (const path of entries.keys())
    if (path !== MANIFEST && !named.has(path))
      throw new ArchiveError(`${path} is in the archive but not in its manifest`);
  for (const [path, bytes] of named) {
    const entry = entries.get(path);
    if (!entry) throw new ArchiveError(`${path} is in the manifest but not in the archive`);
    if (entry.uncompressedSize !== bytes)
      throw new ArchiveError(`${path} is not what the manifest says: it was changed or damaged`);
  }
}
