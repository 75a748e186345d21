import { serverUrl } from '../support/client.js';
import { sendRaw, statusOf } from '../support/raw-http.js';
import { samples } from '../support/sample-files.js';
import { stored } from '../support/stored-files.js';
import { world, type TenantWorld } from '../support/world.js';

let tenant: TenantWorld;
let vendorId: string;
beforeAll(async () => {
  tenant = await world.tenant();
  vendorId = (await tenant.vendor()).id;
});

const FORM = 'multipart/form-data; boundary=B';
const send = (body: Buffer | string, type = FORM): Promise<string> => {
  const head = [
    `POST /v1/vendors/${vendorId}/files HTTP/1.1`,
    'Host: x',
    'Connection: close',
    `Authorization: Bearer ${tenant.admin.token}`,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return sendRaw(serverUrl(), [`${head.join('\r\n')}\r\n\r\n`, body]);
};
const part = (disposition: string, content: string, type = '') =>
  `--B\r\nContent-Disposition: ${disposition}\r\n${type}\r\n${content}\r\n`;
const text = (name: string, content = 'x') =>
  `${part(`form-data; name="file"; filename="${name}"`, content)}--B--\r\n`;

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
    const before = await stored(tenant.id);
    const answer = await send(body, type);
    const told = answer.slice(0, 1000);
    expect({ told, isRefused: [400, 413, 415, 422].includes(statusOf(answer)) }).toEqual({
      told,
      isRefused: true,
    });
    expect(answer).toMatch(/^content-type: application\/problem\+json/im);
    expect(answer).not.toMatch(/node_modules|busboy|multer|\bat .+:\d+:\d+/i);
    expect(await stored(tenant.id)).toEqual(before);
  });
});

describe('an upload', () => {
  it.each([
    ['../../etc/passwd.txt', 'passwd.txt'],
    ['..\\\\..\\\\a.txt', 'a.txt'],
    ['a%0d%0aSet-Cookie: b.txt', 'aSet-Cookie: b.txt'],
    ['Grüße 日本.txt', 'Grüße 日本.txt'],
    [`${'n'.repeat(300)}.txt`, `${'n'.repeat(251)}.txt`],
    ['CON.txt', 'CON.txt'],
    ['a%00.txt', 'a%00.txt'],
    ['invoice\u202etxt.txt', 'invoicetxt.txt'],
  ])('with the odd name %s is kept as %s', async (sent, kept) => {
    const answer = await send(text(sent));
    expect(statusOf(answer)).toBe(201);
    expect(Buffer.from(answer, 'latin1').toString()).toContain(`"name":${JSON.stringify(kept)}`);
    for (const path of await stored(tenant.id)) expect(path).toMatch(/\/[0-9a-f]{2}\/[0-9a-f-]{36}$/);
  });

  it('without a declared type is judged by name and bytes', async () => {
    const begin = '--B\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n';
    const body = Buffer.concat([Buffer.from(begin), samples.png, Buffer.from('\r\n--B--\r\n')]);
    expect(statusOf(await send(body))).toBe(201);
  });
});
