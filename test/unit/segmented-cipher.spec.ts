import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  SealBrokenError,
  SegmentedCipher,
  SegmentedWriter,
  SegmentLayout,
  type SegmentedFormat,
} from '../../src/platform/protection/segmented-cipher.js';

type Vector = SegmentedFormat & Record<'key' | 'plaintext' | 'associatedData' | 'ciphertext', string>;
const VECTORS = JSON.parse(
  readFileSync(join(__dirname, '../vectors/tink/aes-gcm-hkdf-streaming.json'), 'utf8'),
) as Vector[];

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const FORMAT: SegmentedFormat = { hash: 'sha256', derivedKeyBytes: 32, segmentBytes: 64 };
const LAYOUT = new SegmentLayout(FORMAT);
const KEY = Buffer.alloc(32, 7);

function sealed(plaintext: Uint8Array, pieces: number[], place = 'here'): Buffer {
  const cipher = SegmentedCipher.create(FORMAT, KEY, place);
  const writer = new SegmentedWriter(LAYOUT, cipher);
  const parts = [cipher.header];
  let at = 0;
  for (const length of [...pieces, plaintext.length]) {
    parts.push(...writer.update(plaintext.subarray(at, at + length)));
    at += length;
  }
  return Buffer.concat([...parts, writer.end()]);
}

function opened(ciphertext: Buffer, format = FORMAT, key: Uint8Array = KEY, place = 'here'): Buffer {
  const layout = new SegmentLayout(format);
  const cipher = SegmentedCipher.of(format, key, place, ciphertext.subarray(0, layout.headerBytes));
  const count = layout.countOf(ciphertext.length);
  const parts = Array.from({ length: count }, (_, segment) => {
    const { start, end } = layout.rangeOf(segment, ciphertext.length);
    return cipher.open(segment, segment === count - 1, ciphertext.subarray(start, end + 1));
  });
  return Buffer.concat(parts);
}

const bytes = fc.uint8Array({ maxLength: 300 });
const pieces = fc.array(fc.nat(90), { maxLength: 8 });

describe('AES-GCM-HKDF streaming', () => {
  it.each(VECTORS.map((vector, number) => [number, vector] as const))(
    'opens and makes vector %d of Tink',
    (_, vector) => {
      const [key, ciphertext, plaintext] = [vector.key, vector.ciphertext, vector.plaintext].map(hex);
      const place = hex(vector.associatedData).toString('latin1');
      expect(opened(ciphertext!, vector, key, place)).toEqual(plaintext);
      const layout = new SegmentLayout(vector);
      const header = ciphertext!.subarray(0, layout.headerBytes);
      const writer = new SegmentedWriter(layout, SegmentedCipher.of(vector, key!, place, header));
      expect(Buffer.concat([header, ...writer.update(plaintext!), writer.end()])).toEqual(ciphertext);
      expect(layout.plainSizeOf(ciphertext!.length)).toBe(plaintext!.length);
    },
  );

  it('gives back what was sealed, in whatever pieces it came', () => {
    fc.assert(
      fc.property(bytes, pieces, (plaintext, lengths) => {
        const ciphertext = sealed(plaintext, lengths);
        expect(opened(ciphertext)).toEqual(Buffer.from(plaintext));
        expect(LAYOUT.plainSizeOf(ciphertext.length)).toBe(plaintext.length);
      }),
    );
  });

  it('says where each byte lies', () => {
    fc.assert(
      fc.property(fc.nat(10_000), (position) => {
        const segment = LAYOUT.segmentOf(position);
        const start = LAYOUT.plainStartOf(segment);
        expect(position).toBeGreaterThanOrEqual(start);
        expect(position).toBeLessThan(start + LAYOUT.capacityOf(segment));
        expect(LAYOUT.plainStartOf(segment + 1)).toBe(start + LAYOUT.capacityOf(segment));
      }),
    );
  });

  it('opens nothing in which a bit was turned', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat(7), (plaintext, place, bit) => {
        const ciphertext = sealed(plaintext, []);
        ciphertext[place % ciphertext.length]! ^= 1 << bit;
        expect(() => opened(ciphertext)).toThrow(SealBrokenError);
      }),
    );
  });

  it('opens nothing that was cut short, lengthened or put in another order', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 120, maxLength: 300 }), fc.nat(), (plaintext, cut) => {
        const whole = sealed(plaintext, []);
        expect(() => opened(whole.subarray(0, cut % whole.length))).toThrow(SealBrokenError);
        expect(() => opened(Buffer.concat([whole, Buffer.alloc(1 + (cut % 70))]))).toThrow(SealBrokenError);
        const segments = [0, 64, 128, 192].map((at) => whole.subarray(at, at + 64));
        const [first, second, third] = segments as [Buffer, Buffer, Buffer];
        const swapped = Buffer.concat([first, third, second, whole.subarray(192)]);
        expect(() => opened(swapped)).toThrow(SealBrokenError);
        expect(() => opened(whole.subarray(0, 128))).toThrow(SealBrokenError);
      }),
    );
  });

  it('opens nothing under another key or in another place', () => {
    const ciphertext = sealed(Buffer.from('text'), []);
    expect(() => opened(ciphertext, FORMAT, Buffer.alloc(32, 8))).toThrow(SealBrokenError);
    expect(() => opened(ciphertext, FORMAT, KEY, 'there')).toThrow(SealBrokenError);
    expect(opened(ciphertext).toString()).toBe('text');
  });

  it('is never the same twice', () => {
    expect(sealed(Buffer.from('text'), [])).not.toEqual(sealed(Buffer.from('text'), []));
  });
});
