import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { OutOfStorageError } from '../../src/kernel/errors.js';
import { SealBrokenError, SegmentedWriter } from '../../src/platform/protection/segmented-cipher.js';
import type { ByteRange } from '../../src/features/files/file-storage.js';
import { HEAD_BYTES, type StoredObject } from '../../src/features/files/storage/object-store.js';
import { kidOf, LAYOUT, newSeal, openSealed } from '../../src/features/files/storage/sealed-content.js';
import { Spool } from '../../src/features/files/storage/spool.js';

const KEY = randomBytes(32);
const KID = randomUUID();
const PLACE = { tenantId: randomUUID(), fileId: randomUUID() };
const CONTENT = randomBytes(400_000);

function sealed(content: Buffer): Buffer {
  const { lead, cipher } = newSeal({ kid: KID, key: KEY }, PLACE);
  const writer = new SegmentedWriter(LAYOUT, cipher);
  return Buffer.concat([lead, cipher.header, ...writer.update(content), writer.end()]);
}

/** An object in memory that tells how much of it was read. */
function objectOf(bytes: Buffer) {
  const facts = { readBytes: 0, isClosed: false };
  const object: StoredObject = {
    size: bytes.length,
    head: bytes.subarray(0, HEAD_BYTES),
    stream: ({ start, end }: ByteRange) => {
      facts.readBytes += end - start + 1;
      const source = Readable.from([
        bytes.subarray(start, start + 1000),
        bytes.subarray(start + 1000, end + 1),
      ]);
      source.once('close', () => (facts.isClosed = true));
      return Promise.resolve(source);
    },
    close: () => {
      facts.isClosed = true;
      return Promise.resolve();
    },
  };
  return { object, facts };
}

const whole = sealed(CONTENT);
const read = async (bytes: Buffer, range?: ByteRange, place = PLACE): Promise<Buffer> =>
  buffer(await openSealed(objectOf(bytes).object, KEY, place, range));

describe('a sealed content', () => {
  it('names its key', () => {
    expect(kidOf(objectOf(whole).object)).toBe(KID);
  });

  it('is read whole', async () => {
    expect((await read(whole)).equals(CONTENT)).toBe(true);
    expect(await read(sealed(Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  });

  it('is read in part, and no more than that part and the rest of its segments', async () => {
    const last = CONTENT.length - 1;
    await fc.assert(
      fc.asyncProperty(fc.nat(last), fc.nat(last), async (one, other) => {
        const range = { start: Math.min(one, other), end: Math.max(one, other) };
        const { object, facts } = objectOf(whole);
        const part = await buffer(await openSealed(object, KEY, PLACE, range));
        expect(part.equals(CONTENT.subarray(range.start, range.end + 1))).toBe(true);
        expect(facts.readBytes).toBeLessThanOrEqual(part.length + 2 * 65_536 + 16 * 8);
        expect(facts.isClosed).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('is closed when nobody reads it to its end', async () => {
    const { object, facts } = objectOf(whole);
    const content = await openSealed(object, KEY, PLACE);
    content.destroy();
    await new Promise((done) => content.once('close', done));
    await new Promise((done) => setImmediate(done));
    expect(facts.isClosed).toBe(true);
  });

  it('does not open when its beginning was changed, and breaks off where it was changed later', async () => {
    const early = Buffer.from(whole);
    early[100]! ^= 1;
    await expect(openSealed(objectOf(early).object, KEY, PLACE)).rejects.toThrow(SealBrokenError);
    const late = Buffer.from(whole);
    late[300_000]! ^= 1;
    const given: Buffer[] = [];
    const content = await openSealed(objectOf(late).object, KEY, PLACE);
    const broken = (async () => {
      for await (const chunk of content) given.push(chunk as Buffer);
    })();
    await expect(broken).rejects.toThrow(SealBrokenError);
    const some = Buffer.concat(given);
    expect(some.equals(CONTENT.subarray(0, some.length))).toBe(true);
    expect((await read(late, { start: 0, end: 99 })).equals(CONTENT.subarray(0, 100))).toBe(true);
  });

  it('does not open in the place of another file, or of another tenant', async () => {
    for (const other of [
      { ...PLACE, fileId: randomUUID() },
      { ...PLACE, tenantId: randomUUID() },
    ])
      await expect(read(whole, undefined, other)).rejects.toThrow(SealBrokenError);
  });
});

describe('the spool', () => {
  it('gives no place when the disk is as full as it may be', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spool-'));
    await expect(new Spool(folder, Number.MAX_SAFE_INTEGER).place()).rejects.toThrow(OutOfStorageError);
    await expect(new Spool(folder, 0).place()).resolves.toContain(folder);
    rmSync(folder, { recursive: true });
  });
});
