import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFilesApp, type FilesApp } from '../support/files-app.js';
import { sendRaw } from '../support/raw-request.js';
import { samples } from '../support/sample-files.js';

let server: FilesApp;
let vendorId: string;
beforeAll(async () => {
  server = await startFilesApp();
  vendorId = await server.vendor('acme');
}, 60_000);
afterAll(() => server.close());

const CALLER = JSON.stringify({ tenant: 'acme', role: 'tenant_admin' });
const head = (type: string, framing: string) =>
  `POST /v1/vendors/${vendorId}/files HTTP/1.1\r\nHost: x\r\nx-caller: ${CALLER}\r\nContent-Type: ${type}\r\n${framing}\r\n\r\n`;
const FORM = 'multipart/form-data; boundary=B';
const send = (body: Buffer | string, type = FORM) =>
  sendRaw(server.port, [head(type, `Content-Length: ${Buffer.byteLength(body)}`), body]);
const part = (disposition: string, content: string, type = '') =>
  `--B\r\nContent-Disposition: ${disposition}\r\n${type}\r\n${content}\r\n`;
const text = (name: string, content = 'x') =>
  `${part(`form-data; name="file"; filename="${name}"`, content)}--B--\r\n`;

async function stored(): Promise<string[]> {
  await sleep(100);
  const entries = await readdir(server.filesDir, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}
const openFiles = async () => (await readdir('/proc/self/fd')).length;

describe('a malformed upload', () => {
  const malformed: Record<string, [body: Buffer | string, type?: string]> = {
    'no body': [''],
    'no boundary': [text('a.txt'), 'multipart/form-data'],
    'an empty boundary': [text('a.txt'), 'multipart/form-data; boundary='],
    'a boundary of 5000 characters': [text('a.txt'), `multipart/form-data; boundary=${'B'.repeat(5000)}`],
    'another boundary than it says': [text('a.txt'), 'multipart/form-data; boundary=C'],
    'no closing boundary': [part('form-data; name="file"; filename="a.txt"', 'x')],
    'an end within the headers': ['--B\r\nContent-Disposition: form-data; name="fi'],
    'an end within the boundary': [part('form-data; name="file"; filename="a.txt"', 'x') + '--'],
    'only the closing boundary': ['--B--\r\n'],
    'bare line feeds': ['--B\nContent-Disposition: form-data; name="file"; filename="a.txt"\n\nx\n--B--\n'],
    'no disposition': ['--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--\r\n'],
    'a disposition of another kind': [part('attachment; name="file"; filename="a.txt"', 'x') + '--B--\r\n'],
    'no field name': [part('form-data; filename="a.txt"', 'x') + '--B--\r\n'],
    'an empty field name': [part('form-data; name=""; filename="a.txt"', 'x') + '--B--\r\n'],
    'an empty file name': [text('')],
    'no file name': [part('form-data; name="file"', 'x') + '--B--\r\n'],
    'a file name of dots': [text('..')],
    'a header name with a blank': ['--B\r\nBad Header: x\r\n\r\nx\r\n--B--\r\n'],
    'a header of 100 kB': [
      part('form-data; name="file"; filename="a.txt"', 'x', `X-A: ${'a'.repeat(100_000)}\r\n`) + '--B--\r\n',
    ],
    'thousands of headers': [
      part('form-data; name="file"; filename="a.txt"', 'x', 'X-A: b\r\n'.repeat(5000)) + '--B--\r\n',
    ],
    'a hundred fields': [part('form-data; name="label"', 'x').repeat(100) + text('a.txt')],
    'a hundred files': [part('form-data; name="file"; filename="a.txt"', 'x').repeat(100) + '--B--\r\n'],
    'a field name of 1000 characters': [part(`form-data; name="${'n'.repeat(1000)}"`, 'x') + text('a.txt')],
    'a field name with brackets': [part('form-data; name="label[a][b]"', 'x') + text('a.txt')],
    'a field called __proto__': [part('form-data; name="__proto__"', 'x') + text('a.txt')],
    'a field called __proto__[x]': [part('form-data; name="__proto__[x]"', 'x') + text('a.txt')],
    'the same field twice': [part('form-data; name="label"', 'x').repeat(2) + text('a.txt')],
    'a file of another name with a slash': [
      part('form-data; name="a/b"; filename="a.txt"', 'x') + '--B--\r\n',
    ],
    'a multipart in the file': [
      part(
        'form-data; name="file"; filename="a.png"',
        '--C\r\n\r\n--C--',
        'Content-Type: multipart/mixed; boundary=C\r\n',
      ) + '--B--\r\n',
    ],
    'NUL bytes': [Buffer.alloc(5000)],
    'a file path in a field': [part('form-data; name="file.path"', '/etc/passwd') + text('a.txt')],
    'UTF-16 names': [
      Buffer.concat([Buffer.from('--B\r\n'), Buffer.from('Content-Disposition: form-data', 'utf16le')]),
    ],
  };

  it.each(Object.entries(malformed))('with %s is refused and leaves nothing', async (_, [body, type]) => {
    const { status } = await send(body, type);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(await stored()).toEqual([]);
  });

  it('that is broken off leaves nothing, at whatever point', async () => {
    const before = await openFiles();
    const whole = Buffer.from(text('a.txt', 'x'.repeat(300_000)));
    for (const share of [0, 0.0002, 0.1, 0.5, 0.99, 0.99999]) {
      const some = whole.subarray(0, Math.floor(whole.length * share));
      await sendRaw(server.port, [head(FORM, `Content-Length: ${whole.length}`), some], 60);
      const chunk = [some.length.toString(16), '\r\n', some, '\r\n'];
      await sendRaw(
        server.port,
        [head(FORM, 'Transfer-Encoding: chunked'), ...(some.length > 0 ? chunk.map((piece) => piece) : [])],
        60,
      );
    }
    await sleep(200);
    expect(await stored()).toEqual([]);
    expect(await openFiles()).toBeLessThanOrEqual(before + 5);
  });

  it('that never ends is answered with 413 and then cut', async () => {
    const piece = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')]);
    const begin = part('form-data; name="file"; filename="a.txt"', '').slice(0, -2);
    const first = `${begin.length.toString(16)}\r\n${begin}\r\n`;
    const pieces = Array.from({ length: 200 }, () => piece);
    expect(
      (await sendRaw(server.port, [head(FORM, 'Transfer-Encoding: chunked'), first, ...pieces])).status,
    ).toBe(413);
    expect(await stored()).toEqual([]);
  });

  it.each([
    ['../../etc/passwd.txt', 'passwd.txt'],
    ['..\\\\..\\\\a.txt', 'a.txt'],
    ['a%0d%0aSet-Cookie: b.txt', 'aSet-Cookie: b.txt'],
    ['Grüße 日本.txt', 'Grüße 日本.txt'],
    [`${'n'.repeat(300)}.txt`, `${'n'.repeat(251)}.txt`],
    ['CON.txt', 'CON.txt'],
    ['a%00.txt', 'a%00.txt'],
    ['invoice\u202etxt.txt', 'invoicetxt.txt'],
  ])('of well-formed shape with the odd name %s is kept as %s', async (sent, kept) => {
    const { status, text: answer } = await send(text(sent));
    expect(status).toBe(201);
    expect(Buffer.from(answer, 'latin1').toString()).toContain(`"name":${JSON.stringify(kept)}`);
    expect((await stored()).every((name) => /^[0-9a-f-]{36}$/.test(name))).toBe(true);
  });

  it('without a declared type is judged by name and bytes', async () => {
    const begin = '--B\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n';
    const body = Buffer.concat([Buffer.from(begin), samples.png, Buffer.from('\r\n--B--\r\n')]);
    expect((await send(body)).status).toBe(201);
  });
});
