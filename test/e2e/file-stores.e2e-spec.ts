import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { EncryptedFileStorage } from '../../src/features/files/storage/encrypted-file-storage.js';
import type { FileKey, FileStorage } from '../../src/features/files/file-storage.js';
import { LocalObjectStore } from '../../src/features/files/storage/local-object-store.js';
import type { ObjectStore } from '../../src/features/files/storage/object-store.js';
import { S3ObjectStore } from '../../src/features/files/storage/s3-object-store.js';
import { Spool } from '../../src/features/files/storage/spool.js';
import { OutOfStorageError, UnavailableError } from '../../src/kernel/errors.js';
import { talkTo, type Client } from '../support/client.js';
import { oneKey } from '../support/data-keys.js';
import { besideShared } from '../support/database.js';
import { freePort } from '../support/ports.js';
import { expectProblem } from '../support/problem.js';
import { startS3Server, type S3Server } from '../support/s3-server.js';
import { startServer, type RunningServer } from '../support/server.js';
import { samples } from '../support/sample-files.js';
import { fileOf, form } from '../support/stored-files.js';
import { world } from '../support/world.js';

const keys = oneKey();
/** More than one part of an upload to S3. */
const LARGE = randomBytes(6 * 1024 * 1024);
const FUTURE = new Date(Date.now() + 3_600_000);
const PAST = new Date(Date.now() - 3_600_000);

let folder: string;
let s3: S3Server;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'file-stores-'));
  s3 = await startS3Server();
}, 60_000);
afterAll(async () => {
  await s3.stop();
  rmSync(folder, { recursive: true });
});

const newKey = (tenantId: string = randomUUID()): FileKey => ({ tenantId, fileId: randomUUID() });
const storageOver = (objects: ObjectStore, minFreeBytes = 0): FileStorage =>
  new EncryptedFileStorage(objects, new Spool(folder, minFreeBytes), keys);
const spooled = (): string[] => readdirSync(join(folder, '.incoming'));

async function keep(storage: FileStorage, key: FileKey, content: Buffer): Promise<void> {
  const incoming = await storage.receive(key);
  await incoming.write(content);
  await incoming.end();
  await incoming.keep();
}

describe.each([
  ['local disk', (): ObjectStore => new LocalObjectStore(folder)],
  ['S3', (): ObjectStore => s3.store],
])('on %s', (_, open) => {
  let objects: ObjectStore;
  let storage: FileStorage;
  beforeAll(() => {
    objects = open();
    storage = storageOver(objects);
  });
  const read = async (key: FileKey): Promise<Buffer | undefined> => {
    const content = await storage.read(key);
    return content && buffer(content);
  };

  it('a content is given back whole and in part, and nothing is left in the spool', async () => {
    const key = newKey();
    await keep(storage, key, LARGE);
    expect((await read(key))!.equals(LARGE)).toBe(true);
    const range = { start: 5_000_000, end: 5_100_000 };
    const part = await buffer((await storage.read(key, { range }))!);
    expect(part.equals(LARGE.subarray(range.start, range.end + 1))).toBe(true);
    expect(await storage.has(key)).toBe(true);
    expect(spooled()).toEqual([]);
  });

  it('what is read at a place of an upload under way is what was written', async () => {
    const incoming = await storage.receive(newKey());
    await incoming.write(LARGE.subarray(0, 200_000));
    await incoming.end();
    expect((await incoming.readAt(65_000, 100_000)).equals(LARGE.subarray(65_000, 165_000))).toBe(true);
    expect((await incoming.readAt(199_990, 100)).equals(LARGE.subarray(199_990, 200_000))).toBe(true);
    expect(await incoming.readAt(200_000, 10)).toHaveLength(0);
    await incoming.discard();
    expect(await storage.has(incoming.key)).toBe(false);
    expect(spooled()).toEqual([]);
  });

  it('a content is nobody else’s', async () => {
    const key = newKey();
    await keep(storage, key, Buffer.from('x'));
    for (const other of [newKey(key.tenantId), { ...key, tenantId: randomUUID() }]) {
      expect(await read(other)).toBeUndefined();
      expect(await storage.has(other)).toBe(false);
    }
    await expect(storage.has({ ...key, tenantId: '../x' })).rejects.toThrow('not the id of a tenant');
    await expect(storage.read({ ...key, fileId: '../x' })).rejects.toThrow('not the id of a file');
  });

  it('what is held stays readable for its holder when it is removed', async () => {
    const key = newKey();
    const holder = randomUUID();
    await keep(storage, key, Buffer.from('held'));
    expect(await storage.hold(key, holder)).toBe(true);
    expect(await storage.hold(newKey(), holder)).toBe(false);
    await storage.remove(key);
    await storage.remove(key);
    expect(await read(key)).toBeUndefined();
    expect(String(await buffer((await storage.readHeld(key, holder))!))).toBe('held');
    await storage.release(holder);
    await storage.release(holder);
    await expect(objects.openHeld(key, holder).catch(() => undefined)).resolves.toBeUndefined();
  });

  it('what there is can be listed by tenant and age, and a tenant’s goes as a whole', async () => {
    const first = newKey();
    const second = newKey(first.tenantId);
    const stranger = newKey();
    for (const key of [first, second, stranger]) await keep(storage, key, Buffer.from('x'));
    expect(await storage.tenantIds()).toEqual(expect.arrayContaining([first.tenantId, stranger.tenantId]));
    const ids = await storage.fileIds(first.tenantId, FUTURE);
    expect(ids.sort()).toEqual([first.fileId, second.fileId].sort());
    expect(await storage.fileIds(first.tenantId, PAST)).toEqual([]);
    await storage.removeTenant(first.tenantId);
    expect(await storage.fileIds(first.tenantId, FUTURE)).toEqual([]);
    expect(await read(stranger)).toEqual(Buffer.from('x'));
  });

  it('what an interrupted upload left behind is removed by its age', async () => {
    const incoming = await storage.receive(newKey());
    await incoming.write(Buffer.from('x'));
    await storage.removeLeftovers(PAST);
    expect(spooled()).toHaveLength(1);
    await storage.removeLeftovers(FUTURE);
    expect(spooled()).toEqual([]);
    await incoming.discard();
  });

  it('nothing is taken when the disk is as full as it may be', async () => {
    await expect(storageOver(objects, Number.MAX_SAFE_INTEGER).receive(newKey())).rejects.toThrow(
      OutOfStorageError,
    );
  });
});

describe('a store that fails', () => {
  const through = (endpoint: string): FileStorage => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    return storageOver(
      new S3ObjectStore({ bucket: s3.env.S3_BUCKET!, region: 'us-east-1', endpoint, credentials }),
    );
  };

  it('is told as unavailable, and leaves nothing in the spool', async () => {
    const storage = through(`http://127.0.0.1:${await freePort()}`);
    const incoming = await storage.receive(newKey());
    await incoming.write(Buffer.from('x'));
    await incoming.end();
    await expect(incoming.keep()).rejects.toThrow(UnavailableError);
    await incoming.discard();
    expect(spooled()).toEqual([]);
    await expect(storage.read(newKey())).rejects.toThrow(UnavailableError);
  });

  it('in the middle of an upload in parts keeps neither object nor parts', async () => {
    const target = new URL(s3.env.S3_ENDPOINT!);
    const before = await s3.contents();
    // Stands before the server and lets no second part through.
    const { createServer: createHttp, request } = await import('node:http');
    const proxy = createHttp((incoming, outgoing) => {
      if (incoming.url!.includes('partNumber=2')) {
        outgoing.writeHead(403).end();
        return;
      }
      const { method, headers, url } = incoming;
      const onward = request(
        { host: target.hostname, port: target.port, method, headers, path: url },
        (answer) => {
          outgoing.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(outgoing);
        },
      );
      incoming.pipe(onward);
    });
    const port = await freePort();
    await new Promise<void>((done) => proxy.listen(port, '127.0.0.1', done));
    await expect(keep(through(`http://127.0.0.1:${port}`), newKey(), LARGE)).rejects.toThrow(
      UnavailableError,
    );
    proxy.closeAllConnections();
    proxy.close();
    expect(await s3.contents()).toEqual(before);
  });
});

describe('a server with a bucket', () => {
  let server: RunningServer;
  let admin: Client;
  let path: string;
  let tenantId: string;
  beforeAll(async () => {
    server = await startServer({ ...(await besideShared()), ...s3.env });
    talkTo(server);
    const tenant = await world.tenant();
    ({ admin, id: tenantId } = tenant);
    path = `/v1/vendors/${(await tenant.vendor()).id}/files`;
  }, 60_000);
  afterAll(() => server.stop());
  const objects = async (): Promise<string[]> =>
    (await s3.contents()).filter((name) => name.includes(tenantId));

  it('keeps contents there, gives them back in parts, and removes them', async () => {
    const { id } = fileOf(await admin.post(path, form(samples.pdf, 'a.pdf')));
    expect(await objects()).toEqual([`tenants/${tenantId}/${id}`]);
    expect((await admin.get(`/v1/files/${id}/content`)).bytes).toEqual(samples.pdf);
    const part = await admin.get(`/v1/files/${id}/content`, { range: 'bytes=1-3' });
    expect([part.status, part.text]).toEqual([206, 'PDF']);
    expect((await admin.delete(`/v1/files/${id}`)).status).toBe(204);
    expect(await objects()).toEqual([]);
  });

  it('keeps nothing of what it refuses', async () => {
    expectProblem(await admin.post(path, form(samples.png, 'a.pdf')), 415, 'unsupported_media_type');
    expectProblem(await admin.post(path, form('', 'a.txt')), 422, 'validation_failed');
    expect(await objects()).toEqual([]);
    expect(readdirSync(join(server.dataDir, 'files/.incoming'))).toEqual([]);
  });
});
