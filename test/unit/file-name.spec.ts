import fc from 'fast-check';
import { displayName, extensionOf } from '../../src/features/files/upload/file-name.js';
import { attachmentNamed } from '../../src/features/files/content/content-disposition.js';
import { byteRangeOf } from '../../src/features/files/content/byte-range.js';

const anyName = fc.string({ unit: 'binary', minLength: 1, maxLength: 400 });

function tryName(name: string): string | undefined {
  try {
    return displayName(name);
  } catch {
    return undefined;
  }
}

describe('the name of an uploaded file', () => {
  it.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\a\\b.pdf', 'b.pdf'],
    ['\\\\host\\share\\c.pdf', 'c.pdf'],
    ['a\r\nSet-Cookie: x.pdf', 'aSet-Cookie: x.pdf'],
    ['invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['a\u2044b\uff0fc.txt', 'abc.txt'],
    ['e\u0301.pdf', '\u00e9.pdf'],
    ['  a b .pdf  ', 'a b .pdf'],
    ['..%2f..%2fa.pdf', '..%2f..%2fa.pdf'],
    ['.htaccess', '.htaccess'],
  ])('%j is shown as %j', (original, shown) => expect(displayName(original)).toBe(shown));

  it.each(['..', '.', '/', 'a/..', '\0', '.\u202e.', ' '])('%j is refused', (original) =>
    expect(() => displayName(original)).toThrow(),
  );

  it('is short, harmless and stable, whatever the sender calls it', () => {
    fc.assert(
      fc.property(anyName, (original) => {
        const name = tryName(original);
        if (name === undefined) return;
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        expect(name).not.toMatch(/[/\\\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        expect(['', '.', '..']).not.toContain(name);
        expect(name.normalize('NFC')).toBe(name);
        expect(displayName(name)).toBe(name);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps the extension when it is too long', () => {
    const name = displayName('\u{1f600}'.repeat(100) + '.PDF');
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(extensionOf(name)).toBe('pdf');
  });
});

describe('Content-Disposition', () => {
  it('holds visible ASCII only and gives the name back', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const header = attachmentNamed(name);
        expect(header).toMatch(/^attachment; filename="[^"\\%]*"; filename\*=UTF-8''[!-~]*$/);
        expect(header).toMatch(/^[ -~]*$/);
        const full = header.slice(header.indexOf("''") + 2);
        expect(full).toMatch(/^([A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})*$/);
        expect(decodeURIComponent(full)).toBe(name.toWellFormed());
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a byte range', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=2-', { start: 2, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-100', { start: 0, end: 9 }],
    ['bytes=5-100', { start: 5, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['bytes=1-2x', undefined],
    ['items=0-1', undefined],
  ])('%s of 10 bytes is %j', (header, range) => expect(byteRangeOf(header, 10)).toEqual(range));

  it('lies inside the content, whatever is asked', () => {
    const header = fc.oneof(
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
      fc.string().map((text) => `bytes=${text}`),
    );
    fc.assert(
      fc.property(header, fc.integer({ min: 1, max: 2000 }), (asked, size) => {
        const range = byteRangeOf(asked, size);
        if (typeof range !== 'object') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
      }),
    );
  });
});
