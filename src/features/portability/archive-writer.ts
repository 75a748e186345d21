import { once } from 'node:events';
import { addAbortSignal, Transform, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { Digest } from './digesting.js';
import { filePath, MANIFEST, tablePath, type Manifest } from './manifest.js';
import type { Advance } from './progress.js';
import type { TenantSnapshot } from './tenant-snapshot.js';

/** Some formats are compressed already, and the bytes of others are small beside the wait. */
const AS_IT_IS = { compress: false };

/**
 * Writes the snapshot as a zip: tables, files, and last the manifest. Reads no faster than the target takes it. What
 * differs from the manifest, as on a failing disk, breaks the archive off instead of ending it.
 */
export async function writeArchive(
  snapshot: TenantSnapshot,
  manifest: Manifest,
  target: Writable,
  advance: Advance,
): Promise<void> {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  zip.on('error', (error: Error) => output.destroy(error));
  const stop = new AbortController();

  async function add(
    path: string,
    source: Readable,
    expected: { bytes: number; sha256: string },
    options: { compress: boolean },
  ): Promise<void> {
    const checked = checking(source, expected, path, advance);
    checked.on('error', (error) => output.destroy(error));
    addAbortSignal(stop.signal, checked);
    const ended = once(checked, 'end', stop);
    zip.addReadStreamLazy(path, { size: expected.bytes, ...options }, (take) => {
      take(null, checked);
    });
    await ended;
  }

  async function fill(): Promise<void> {
    for (const entry of manifest.tables)
      await add(tablePath(entry.table), snapshot.readTable(entry.table), entry, { compress: true });
    for (const entry of manifest.files)
      await add(filePath(entry.id), await snapshot.readFile(entry.id), entry, AS_IT_IS);
    zip.addBuffer(Buffer.from(JSON.stringify(manifest, null, 2)), MANIFEST);
    zip.end();
  }

  const sent = pipeline(output, target).catch((error: unknown) => {
    stop.abort(error);
    throw error;
  });
  const filled = fill().catch((error: unknown) => {
    output.destroy(error as Error);
    throw error;
  });
  const [sending, filling] = await Promise.allSettled([sent, filled]);
  if (sending.status === 'rejected') throw sending.reason;
  if (filling.status === 'rejected') throw filling.reason;
}

/** The bytes as they are; an error in the place of the end when they are not those expected. */
function checking(
  source: Readable,
  expected: { bytes: number; sha256: string },
  path: string,
  advance: Advance,
): Transform {
  const digest = new Digest();
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      digest.add(chunk);
      advance(chunk.length);
      done(null, chunk);
    },
    flush(done) {
      const { bytes, sha256 } = digest.end();
      const isSame = bytes === expected.bytes && sha256 === expected.sha256;
      done(isSame ? null : new Error(`the bytes of ${path} are not those that were stored`));
    },
  });
  source.on('error', (error) => checked.destroy(error));
  checked.on('close', () => source.destroy());
  return source.pipe(checked);
}
