import { createHash } from 'node:crypto';
import { ArchiveError } from './archive.error.js';

/** Length and SHA-256 of all that passes. */
export class Digest {
  bytes = 0;
  private readonly hash = createHash('sha256');

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.hash.update(chunk);
  }

  end(): { bytes: number; sha256: string } {
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }
}

/** The chunks as they come; after the last throws ArchiveError when they are not what the manifest says. */
export async function* verified(
  chunks: AsyncIterable<Buffer>,
  expected: { bytes: number; sha256: string },
  path: string,
): AsyncGenerator<Buffer> {
  const digest = new Digest();
  try {
    for await (const chunk of chunks) {
      digest.add(chunk);
      yield chunk;
    }
  } catch (cause) {
    if (isZipFault(cause)) throw new ArchiveError(`${path} is damaged`, { cause });
    throw cause;
  }
  const { bytes, sha256 } = digest.end();
  if (bytes !== expected.bytes || sha256 !== expected.sha256)
    throw new ArchiveError(`${path} is not what the manifest says: it was changed or damaged`);
}

/** Of zlib, or of the reader of the archive, which throws bare Errors; a failing disk has a code of its own. */
const isZipFault = (error: unknown): boolean => {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error instanceof Error && error.name === 'Error' : code.startsWith('Z_');
};

const NEWLINE = 0x0a;

/** The lines of a text, each without its end. Throws ArchiveError for one that is too long or not UTF-8, or has no end. */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
  path: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end; (end = chunk.indexOf(NEWLINE, start)) !== -1; start = end + 1) {
      assertShort(restBytes + end - start);
      yield decode(Buffer.concat([...rest, chunk.subarray(start, end)]));
      rest = [];
      restBytes = 0;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
    restBytes += chunk.length - start;
    assertShort(restBytes);
  }
  if (restBytes > 0) throw new ArchiveError(`${path} ends in the middle of a line`);

  function assertShort(bytes: number): void {
    if (bytes > maxBytes) throw new ArchiveError(`${path} has a line of more than ${maxBytes} bytes`);
  }
  function decode(line: Buffer): string {
    try {
      return decoder.decode(line);
    } catch {
      throw new ArchiveError(`${path} has a line that is not UTF-8`);
    }
  }
}
