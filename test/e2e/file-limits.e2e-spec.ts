import { send, talkTo, type Answer } from '../support/client.js';
import { expectProblem } from '../support/problem.js';
import { sendRaw, statusOf } from '../support/raw-http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { fileOf, filesFolder, form, heldOpen, stored } from '../support/stored-files.js';
import { world, type TenantWorld } from '../support/world.js';

const MAX_BYTES = 1024 * 1024;

let server: RunningServer;
let folder: string;
let tenant: TenantWorld;
let path: string;

beforeAll(async () => {
  server = await startServer({ UPLOAD_MAX_BYTES: String(MAX_BYTES) });
  talkTo(server);
  folder = filesFolder(server.dataDir);
  tenant = await world.tenant();
  path = `/v1/vendors/${(await tenant.vendor()).id}/files`;
}, 100_000);
afterAll(() => server.stop());

const upload = (body: FormData): Promise<Answer> => tenant.admin.post(path, body);

/** The same form without Content-Length. */
async function uploadChunked(body: FormData): Promise<Response> {
  const encoded = new Response(body);
  const headers = {
    authorization: `Bearer ${tenant.admin.token}`,
    'content-type': encoded.headers.get('content-type')!,
  };
  const init = { method: 'POST', headers, body: encoded.body, duplex: 'half' } as RequestInit;
  return fetch(new URL(path, server.url), init);
}

/** An upload as it goes over the wire. */
const head = (framing: string): string =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: x',
    `Authorization: Bearer ${tenant.admin.token}`,
    'Content-Type: multipart/form-data; boundary=B',
    `${framing}\r\n\r\n`,
  ].join('\r\n');
const BEGIN = '--B\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n';
const chunkOf = (piece: string | Buffer): (string | Buffer)[] => [
  `${piece.length.toString(16)}\r\n`,
  piece,
  '\r\n',
];

async function expectNothingLeft(before: string[]): Promise<void> {
  expect(await stored(tenant.id, folder)).toEqual(before);
  expect(await heldOpen(server.process.pid!, folder)).toEqual([]);
}

describe('an upload', () => {
  it('may have the largest size', async () => {
    expect(fileOf(await upload(form('x'.repeat(MAX_BYTES), 'a.txt'))).size).toBe(MAX_BYTES);
  });

  it.each([MAX_BYTES + 1, MAX_BYTES * 3, MAX_BYTES * 12])(
    'of %d bytes is 413 with an answer',
    async (size) => {
      const before = await stored(tenant.id, folder);
      expectProblem(await upload(form('x'.repeat(size), 'a.txt')), 413, 'payload_too_large');
      expect((await uploadChunked(form('x'.repeat(size), 'a.txt'))).status).toBe(413);
      await expectNothingLeft(before);
    },
  );

  it('that never ends is answered with 413 and then cut', async () => {
    const before = await stored(tenant.id, folder);
    const endless = Array.from({ length: 200 }, () => chunkOf(Buffer.alloc(0x10000, 'x'))).flat();
    const answer = await sendRaw(server.url, [
      head('Transfer-Encoding: chunked'),
      ...chunkOf(BEGIN),
      ...endless,
    ]);
    expect(statusOf(answer)).toBe(413);
    await expectNothingLeft(before);
  });

  it.each([0, 0.0002, 0.1, 0.5, 0.99, 0.99999])(
    'that is broken off after %d of it leaves nothing',
    async (share) => {
      const before = await stored(tenant.id, folder);
      const whole = Buffer.from(`${BEGIN}${'x'.repeat(300_000)}\r\n--B--\r\n`);
      const some = whole.subarray(0, Math.floor(whole.length * share));
      await sendRaw(server.url, [head(`Content-Length: ${whole.length}`), some], 60);
      await sendRaw(
        server.url,
        [head('Transfer-Encoding: chunked'), ...(share > 0 ? chunkOf(some) : [])],
        60,
      );
      await expectNothingLeft(before);
    },
  );
});

describe('a file', () => {
  it('is closed when its reader goes away', async () => {
    const { id } = fileOf(await upload(form('x'.repeat(MAX_BYTES), 'a.txt')));
    for (let times = 0; times < 5; times++) {
      const reader = new AbortController();
      const answer = await fetch(new URL(`/v1/files/${id}/content`, server.url), {
        headers: { authorization: `Bearer ${tenant.admin.token}` },
        signal: reader.signal,
      });
      expect(answer.status).toBe(200);
      reader.abort();
    }
    expect(await heldOpen(server.process.pid!, folder)).toEqual([]);
    expect((await send('GET', '/health/ready')).status).toBe(200);
  });
});
