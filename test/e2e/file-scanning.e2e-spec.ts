import { EncryptedFileStorage } from '../../src/features/files/storage/encrypted-file-storage.js';
import { FilesRepository } from '../../src/features/files/files.repository.js';
import { Clamd, ScannerAwayError } from '../../src/features/files/scanning/clamd.js';
import { FileScanner } from '../../src/features/files/scanning/file-scanner.js';
import { PendingScans } from '../../src/features/files/scanning/pending-scans.js';
import { LocalObjectStore } from '../../src/features/files/storage/local-object-store.js';
import { Spool } from '../../src/features/files/storage/spool.js';
import { UnavailableError } from '../../src/kernel/errors.js';
import type { SecurityEvent } from '../../src/kernel/security-event.js';
import type { AuditTrail } from '../../src/platform/audit/audit-trail.js';
import type { Config } from '../../src/platform/config/config.js';
import { Registry } from '../../src/platform/tenancy/registry/registry.js';
import { TenantDirectory } from '../../src/platform/tenancy/registry/tenant-directory.js';
import { MAX_SCANNED_BYTES, newClamd, SIGNATURE, VIRUS, type ClamdProcess } from '../support/clamd.js';
import { talkTo, type Answer, type Client } from '../support/client.js';
import { keysIn } from '../support/data-keys.js';
import { asOwner, besideShared, sharedDatabase } from '../support/database.js';
import { openEngine, type Engine } from '../support/engine.js';
import { freePort } from '../support/ports.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import { zipOf } from '../support/sample-files.js';
import { startServer, type RunningServer } from '../support/server.js';
import { fileOf, filesFolder, form, stored } from '../support/stored-files.js';
import { world, type TenantWorld } from '../support/world.js';

const LIMITS = { statementMs: 5000, lockMs: 2000, idleInTransactionMs: 5000 };

let clamd: ClamdProcess;
let server: RunningServer;
let engine: Engine;
let registry: Registry;
let tenant: TenantWorld;
let admin: Client;
let path: string;
beforeAll(async () => {
  clamd = await newClamd();
  await clamd.start();
  server = await startServer({ ...(await besideShared()), CLAMAV_URL: clamd.url });
  talkTo(server);
  tenant = await world.tenant();
  ({ admin } = tenant);
  path = `/v1/vendors/${(await tenant.vendor()).id}/files`;
  engine = await openEngine();
  registry = new Registry(engine.owner.login(engine.owner.roles.registry, LIMITS));
  await registry.initialize();
}, 90_000);
afterAll(async () => {
  await registry.destroy();
  await engine.end();
  await server.stop();
  clamd.remove();
});

const upload = (content: string | Buffer, name = 'a.txt'): Promise<Answer> =>
  admin.post(path, form(content, name));
const contentOf = (id: string, method = 'GET'): Promise<Answer> =>
  admin.send(method, `/v1/files/${id}/content`);
const scanOf = async (id: string): Promise<unknown> =>
  ((await admin.get(`/v1/files/${id}`)).body as { scan: string }).scan;

const recorded: SecurityEvent[] = [];
const audit = {
  record: (event: SecurityEvent) => Promise.resolve(void recorded.push(event)),
} as unknown as AuditTrail;
const scanner = (url: string, whenAway: 'pending' | 'refuse'): FileScanner =>
  new FileScanner({ clamav: { url, whenAway } } as Config, audit);

/** What the server does once in a while, at once. */
async function scanPending(): Promise<void> {
  const folder = filesFolder(server.dataDir);
  const keys = keysIn(registry, (await sharedDatabase()).masterKey);
  const binding = (await new TenantDirectory(registry).all()).filter(
    ({ tenantId }) => tenantId === tenant.id,
  );
  await new PendingScans(
    scanner(clamd.url, 'pending'),
    new EncryptedFileStorage(new LocalObjectStore(folder), new Spool(folder, 0), keys),
    new FilesRepository(engine.context),
    engine.context,
    { all: () => Promise.resolve(binding) } as TenantDirectory,
  ).scanAll();
}

describe('with a virus scanner', () => {
  it('a clean file says so and is given out', async () => {
    const { id } = fileOf(await upload('harmless'));
    expect(await scanOf(id)).toBe('clean');
    expect((await contentOf(id)).text).toBe('harmless');
  });

  it.each([
    ['a text', () => upload(`some ${VIRUS} text`)],
    ['a text beyond its beginning', () => upload('x'.repeat(300_000) + VIRUS)],
    ['an archive', () => upload(zipOf({ 'inner.txt': VIRUS }), 'a.zip')],
  ])('what it finds in %s is refused, recorded, and leaves nothing', async (_, send) => {
    const before = await stored(tenant.id, filesFolder(server.dataDir));
    const answer = await send();
    expectProblem(answer, 422, 'validation_failed');
    expect(pointersOf(answer)).toEqual(['/file']);
    expect(answer.text).not.toContain('Ringfence.Test');
    expect(await stored(tenant.id, filesFolder(server.dataDir))).toEqual(before);
    const [event] = await asOwner<{ outcome: string; detail: object }>(
      `SELECT outcome, detail FROM {schema}.audit_event WHERE action = 'malicious_file_found' ORDER BY id DESC LIMIT 1`,
      [],
      tenant.id,
    );
    expect(event).toEqual({ outcome: 'denied', detail: { signature: SIGNATURE } });
  });

  it('what it will not look at is refused', async () => {
    const answer = await upload('x'.repeat(MAX_SCANNED_BYTES * 3));
    expectProblem(answer, 422, 'validation_failed');
    expect(answer.text).toContain('not_scannable');
  });
});

describe('while the scanner is away', () => {
  it('files are taken, and given out only after they were found clean', async () => {
    await clamd.stop();
    const [good, bad] = [fileOf(await upload('harmless')).id, fileOf(await upload(VIRUS)).id];
    for (const id of [good, bad]) {
      expect(await scanOf(id)).toBe('pending');
      expectProblem(await contentOf(id), 409, 'scan_pending');
      expect((await contentOf(id, 'HEAD')).status).toBe(409);
    }
    await scanPending();
    expect(await scanOf(good)).toBe('pending');
    await clamd.start();
    await scanPending();
    expect([await scanOf(good), await scanOf(bad)]).toEqual(['clean', 'infected']);
    expect((await contentOf(good)).text).toBe('harmless');
    expectProblem(await contentOf(bad), 403, 'file_infected');
    expect(recorded).toContainEqual({
      action: 'malicious_file_found',
      outcome: 'failure',
      target: { type: 'file', id: bad },
      detail: { signature: SIGNATURE },
    });
    expect((await admin.delete(`/v1/files/${bad}`)).status).toBe(204);
  });

  it('they are refused where that was asked for', async () => {
    const readAt = (): Promise<Buffer> => Promise.resolve(Buffer.from('x'));
    const gone = scanner(`tcp://127.0.0.1:${await freePort()}`, 'refuse');
    await expect(gone.judge({ size: 1, readAt })).rejects.toThrow(UnavailableError);
  });

  it('nothing is waited for that was stored before there was one', async () => {
    const { id } = fileOf(await upload('old'));
    await asOwner(`UPDATE {schema}.file SET scan = 'off' WHERE id = $1`, [id], tenant.id);
    expect((await contentOf(id)).text).toBe('old');
    await scanPending();
    expect(await scanOf(id)).toBe('clean');
  });

  it('who is there and hangs up in the middle will not look at it', async () => {
    const { createServer } = await import('node:net');
    const strict = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .once('data', (first) =>
          first.toString() === 'zPING\0' ? socket.end('PONG\0') : socket.resetAndDestroy(),
        ),
    );
    const port = await freePort();
    await new Promise<void>((done) => strict.listen(port, '127.0.0.1', done));
    async function* content() {
      for (;;) yield await Promise.resolve(Buffer.alloc(65_536));
    }
    const verdict = await new Clamd(`tcp://127.0.0.1:${port}`).scan(content());
    expect(verdict.state).toBe('refused');
    strict.close();
  });

  it('a socket that says nothing sensible is no verdict', async () => {
    const { createServer } = await import('node:net');
    const odd = createServer((socket) => socket.on('error', () => undefined).end('hello'));
    const port = await freePort();
    await new Promise<void>((done) => odd.listen(port, '127.0.0.1', done));
    async function* content() {
      yield await Promise.resolve(Buffer.from('x'));
    }
    await expect(new Clamd(`tcp://127.0.0.1:${port}`).scan(content())).rejects.toThrow(ScannerAwayError);
    odd.close();
  });
});
