import { readFileSync, writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { openPromise, type Entry } from 'yauzl';
import { ZipFile } from 'yazl';

/** What a zip holds, by name, in its own order. */
export async function entriesOf(path: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const { entry, content } of await read(path)) found.set(entry.fileName, content);
  return found;
}

/** A zip of these entries; a name may be given twice. */
export async function writeZip(
  path: string,
  entries: Iterable<readonly [name: string, content: Buffer]>,
): Promise<void> {
  const zip = new ZipFile();
  for (const [name, content] of entries) zip.addBuffer(content, name);
  zip.end();
  writeFileSync(path, await buffer(zip.outputStream));
}

/** A copy of the zip in which one byte of the entry's packed content is another. */
export async function flipByte(from: string, to: string, name: string): Promise<void> {
  const found = (await read(from)).find(({ entry }) => entry.fileName === name)!.entry;
  const bytes = readFileSync(from);
  const header = found.relativeOffsetOfLocalHeader;
  const content = header + 30 + bytes.readUInt16LE(header + 26) + bytes.readUInt16LE(header + 28);
  bytes[content + Math.floor(found.compressedSize / 2)]! ^= 0x01;
  writeFileSync(to, bytes);
}

/** A copy of the zip in which the name, wherever it stands, is another of the same length. */
export function renameRaw(from: string, to: string, name: string, other: string): void {
  const bytes = readFileSync(from);
  for (let at = 0; (at = bytes.indexOf(name, at)) !== -1; at += name.length) bytes.write(other, at);
  writeFileSync(to, bytes);
}

async function read(path: string): Promise<{ entry: Entry; content: Buffer }[]> {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  const found: { entry: Entry; content: Buffer }[] = [];
  for await (const entry of zip.eachEntry())
    found.push({ entry, content: await buffer(await zip.openReadStreamPromise(entry)) });
  zip.close();
  return found;
}
