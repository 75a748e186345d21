import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { asOwner } from '../support/database.js';
import { fileOf, form, stored } from '../support/stored-files.js';
import { world, type TenantWorld } from '../support/world.js';

let tenant: TenantWorld;
let path: string;
beforeAll(async () => {
  tenant = await world.tenant();
  path = `/v1/vendors/${(await tenant.vendor()).id}/files`;
});

const MARKER = 'the marker that must not be found';
const TEXT = Buffer.from(`${MARKER} ${randomBytes(150_000).toString('hex')} ${MARKER}`);
const digestOf = (bytes: Buffer): string =>
  `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;

async function upload(content: Buffer = TEXT): Promise<{ id: string; place: string }> {
  const { id } = fileOf(await tenant.admin.post(path, form(content, 'a.txt')));
  const place = (await stored(tenant.id)).find((name) => name.endsWith(id))!;
  return { id, place };
}
const contentOf = (id: string, range?: string) =>
  tenant.admin.get(`/v1/files/${id}/content`, range === undefined ? {} : { range });

describe('the content of a file', () => {
  it('lies encrypted in the storage', async () => {
    const { id, place } = await upload();
    const bytes = await readFile(place);
    expect(bytes.includes(MARKER)).toBe(false);
    expect(bytes.length).toBeGreaterThan(TEXT.length);
    expect((await contentOf(id)).bytes.equals(TEXT)).toBe(true);
  });

  it('is sealed under the tenant’s data key for files, and says under which', async () => {
    const { place } = await upload();
    const [key] = await asOwner<{ kid: string }>(
      `SELECT kid FROM platform.tenant_key WHERE owner = $1 AND purpose = 'files'`,
      [tenant.id],
      tenant.id,
    );
    expect((await readFile(place)).toString('hex', 8, 24)).toBe(key!.kid.replaceAll('-', ''));
  });

  it('is given in any part', async () => {
    const { id } = await upload();
    const last = TEXT.length - 1;
    const ranges: [asked: string, start: number, end: number][] = [
      ['0-0', 0, 0],
      ['65479-65480', 65_479, 65_480],
      ['65480-65480', 65_480, 65_480],
      ['65000-200000', 65_000, 200_000],
      [`${last}-`, last, last],
      ['-70000', last - 69_999, last],
      ['0-', 0, last],
    ];
    for (const [asked, start, end] of ranges) {
      const answer = await contentOf(id, `bytes=${asked}`);
      expect([answer.status, answer.headers.get('content-range')]).toEqual([
        206,
        `bytes ${start}-${end}/${TEXT.length}`,
      ]);
      expect(answer.bytes.equals(TEXT.subarray(start, end + 1))).toBe(true);
    }
  });

  it('has its digest with it', async () => {
    const { id } = await upload();
    const whole = await contentOf(id);
    expect(whole.headers.get('content-digest')).toBe(digestOf(whole.bytes));
    expect(whole.headers.get('repr-digest')).toBe(digestOf(TEXT));
    const part = await contentOf(id, 'bytes=1-2');
    expect([part.headers.get('content-digest'), part.headers.get('repr-digest')]).toEqual([
      null,
      digestOf(TEXT),
    ]);
  });

  it('is not given when it was changed, exchanged, cut short or replaced in the storage', async () => {
    const changes: ((own: Buffer, other: Buffer) => Buffer)[] = [
      (own) => own.fill(0, 200, 201),
      (_, other) => other,
      (own) => own.subarray(0, 60_000),
      () => TEXT,
      () => Buffer.alloc(0),
    ];
    const other = await readFile((await upload()).place);
    for (const change of changes) {
      const { id, place } = await upload();
      await writeFile(place, change(await readFile(place), other));
      const answer = await contentOf(id);
      expect([answer.status, answer.text.includes('marker')]).toEqual([500, false]);
    }
  });

  it('from before contents were encrypted is still given, whole and in part', async () => {
    const { id, place } = await upload();
    await asOwner('UPDATE {schema}.file SET sealed = false WHERE id = $1', [id], tenant.id);
    await writeFile(place, TEXT);
    expect((await contentOf(id)).bytes.equals(TEXT)).toBe(true);
    expect((await contentOf(id, 'bytes=0-9')).text).toBe(TEXT.toString().slice(0, 10));
  });
});
