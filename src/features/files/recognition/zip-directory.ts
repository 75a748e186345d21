import type { ByteSource } from '../file-storage.js';

const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const ENTRY_BYTES = 46;
const MAX_ENTRIES = 10_000;
const MAX_DIRECTORY_BYTES = 4 * 1024 * 1024;
/** Office documents shrink to a twentieth or so; bombs to a thousandth. */
const MAX_RATIO = 100;
const ALLOWANCE_BYTES = 1024 * 1024;
const END_MARK = Buffer.from('PK\x05\x06', 'latin1');
const ENTRY_MARK = Buffer.from('PK\x01\x02', 'latin1');
/** What would have to be unpacked to be looked at; by its name, as whoever opens it goes by. */
const ARCHIVE =
  /\.(zip|jar|war|ear|apk|7z|rar|gz|tgz|tar|bz2|tbz2?|xz|txz|zst|lz|lzma|cab|iso|arj|ace|arc|lha|lzh)$/i;
const SYMBOLIC_LINK = 0o120000;
const FILE_TYPE_BITS = 0o170000;

/** Does a ZIP reader find an archive in it, looking from the end as they do? */
export async function endsLikeZip(source: ByteSource): Promise<boolean> {
  const length = Math.min(source.size, END_BYTES + MAX_COMMENT_BYTES);
  return (await source.readAt(source.size - length, length)).includes(END_MARK);
}

/**
 * The names in the ZIP archive that is the whole of the source; undefined when it is none, when something stands
 * before, in between or behind, or when unpacking it would hurt: too many or too large entries (by what the archive
 * says of itself), names that leave the folder, symbolic links, archives in it. ZIP64 is not taken: no upload is that large.
 */
export async function readZipNames(source: ByteSource): Promise<string[] | undefined> {
  const tailLength = Math.min(source.size, END_BYTES + MAX_COMMENT_BYTES);
  const tail = await source.readAt(source.size - tailLength, tailLength);
  const endAt = tail.lastIndexOf(END_MARK);
  if (endAt < 0 || endAt + END_BYTES > tail.length) return undefined;
  const end = tail.subarray(endAt);
  const count = end.readUInt16LE(10);
  const directoryBytes = end.readUInt32LE(12);
  const directoryAt = end.readUInt32LE(16);
  const isWhole =
    end.length === END_BYTES + end.readUInt16LE(20) &&
    directoryAt + directoryBytes === source.size - end.length &&
    end.readUInt32LE(4) === 0;
  if (!isWhole || count > MAX_ENTRIES || directoryBytes > MAX_DIRECTORY_BYTES) return undefined;
  const directory = await source.readAt(directoryAt, directoryBytes);
  return readEntries(directory, count, ALLOWANCE_BYTES + MAX_RATIO * source.size);
}

function readEntries(directory: Buffer, count: number, maxUnpackedBytes: number): string[] | undefined {
  const names: string[] = [];
  let position = 0;
  let unpackedBytes = 0;
  while (position + ENTRY_BYTES <= directory.length) {
    const entry = directory.subarray(position);
    if (!entry.subarray(0, 4).equals(ENTRY_MARK)) return undefined;
    const nameBytes = entry.readUInt16LE(28);
    const name = entry.toString('utf8', ENTRY_BYTES, ENTRY_BYTES + nameBytes);
    unpackedBytes += entry.readUInt32LE(24);
    const isLink = (entry.readUInt16LE(40) & FILE_TYPE_BITS) === SYMBOLIC_LINK;
    if (isLink || leavesFolder(name) || ARCHIVE.test(name) || unpackedBytes > maxUnpackedBytes)
      return undefined;
    names.push(name);
    position += ENTRY_BYTES + nameBytes + entry.readUInt16LE(30) + entry.readUInt16LE(32);
  }
  return position === directory.length && names.length === count ? names : undefined;
}

const leavesFolder = (name: string): boolean =>
  name.includes('\0') || /^[/\\]|^[a-z]:/i.test(name) || name.split(/[/\\]/).includes('..');
