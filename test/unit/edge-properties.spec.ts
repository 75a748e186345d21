import { toUSVString } from 'node:util';
import fc from 'fast-check';
import { InvalidError, PreconditionFailedError } from '../../src/kernel/errors.js';
import { etagOf, isNoneMatch, versionsIn } from '../../src/platform/http/etag.js';
import { ProtocolError } from '../../src/platform/http/request/protocol.error.js';
import { MAX_JSON_DEPTH, parseJsonBody } from '../../src/platform/http/request/json-body.js';
import { traceIdOf } from '../../src/platform/http/request/request-id.js';

const parse = (text: string) => parseJsonBody(Buffer.from(text));

/** Faults as `pointer code`; undefined when the body is taken. */
function faultsOf(text: string): string[] | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidError) return error.faults.map(({ pointer, code }) => `${pointer} ${code}`);
    throw error;
  }
}

const cleanText = fc
  .string({ unit: 'grapheme' })
  .filter((text) => !text.includes('\0') && text !== 'prototype' && !(text in Object.prototype));
/** Whether a name that every object has stands somewhere as a key. */
function hasInheritedKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([key, inner]) => key === 'prototype' || key in Object.prototype || hasInheritedKey(inner),
  );
}

const cleanObject = fc.dictionary(
  cleanText,
  fc
    .jsonValue({ maxDepth: 4 })
    .filter((value) => !/\\u0000|\\ud[89a-f]/i.test(JSON.stringify(value)) && !hasInheritedKey(value)),
  { noNullPrototype: true },
);

describe('JSON bodies', () => {
  it('are taken as JSON.parse reads them, when nothing is wrong with them', () => {
    fc.assert(
      fc.property(cleanObject, fc.nat(2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('end in an object or one of two refusals, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          try {
            expect(parseJsonBody(Buffer.from(bytes))).toBeInstanceOf(Object);
          } catch (error) {
            expect(error instanceof InvalidError || error instanceof ProtocolError).toBe(true);
          }
        },
      ),
    );
  });

  it('are refused with the place of a bad text or key, wherever it is', () => {
    const bad = fc.constantFrom('a\0', '\ud800', '\udfff tail', '__proto__', 'constructor', 'prototype');
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant(0), cleanText), { maxLength: 8 }), bad, (path, key) => {
        const wrap = (inner: string) =>
          path.reduceRight<string>(
            (text, step) => (step === 0 ? `[${text}]` : `{${JSON.stringify(step)}:${text}}`),
            inner,
          );
        const faults = faultsOf(`{"top":${wrap(`{${JSON.stringify(key)}:1}`)}}`);
        expect(faults).toHaveLength(1);
        const steps = ['top', ...path, key].map((step) => String(step));
        const place = steps
          .map((step) => `/${toUSVString(step).replaceAll('~', '~0').replaceAll('/', '~1')}`)
          .join('');
        expect(faults?.[0]?.startsWith(`${place} `)).toBe(true);
      }),
    );
  });

  it('are refused when a key comes twice, however it is spelled', () => {
    fc.assert(
      fc.property(cleanObject, cleanText, fc.boolean(), (value, key, isEscaped) => {
        const others = Object.entries(value).filter(([other]) => other !== key);
        const spelled = isEscaped
          ? `"${[...Array(key.length).keys()].map((at) => `\\u${key.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`
          : JSON.stringify(key);
        const members = [
          `${JSON.stringify(key)}:1`,
          ...others.map(([other, item]) => `${JSON.stringify(other)}:${JSON.stringify(item)}`),
          `${spelled}:2`,
        ];
        expect(faultsOf(`{${members.join(',')}}`)).toEqual([expect.stringMatching(/ duplicate_field$/)]);
      }),
    );
  });

  it('nest as deep as the limit and no deeper', () => {
    const nested = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;
    expect(faultsOf(nested(MAX_JSON_DEPTH))).toBeUndefined();
    expect(faultsOf(nested(MAX_JSON_DEPTH + 1))).toEqual([' too_deep']);
    expect(faultsOf(`{"a":"${'['.repeat(100)}"}`)).toBeUndefined();
  });

  it('name at most fifty faults', () => {
    const body = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, '\0']));
    expect(faultsOf(JSON.stringify(body))).toHaveLength(50);
  });
});

describe('entity tags', () => {
  const version = fc.nat();

  it('match themselves, weakly too, in any list', () => {
    fc.assert(
      fc.property(fc.array(version, { minLength: 1, maxLength: 5 }), fc.boolean(), (versions, isWeak) => {
        const field = versions.map((one) => (isWeak ? `W/${etagOf(one)}` : etagOf(one))).join(', ');
        expect(versions.every((one) => isNoneMatch(field, etagOf(one)))).toBe(true);
        expect(versionsIn(field)).toEqual(isWeak ? [] : versions);
      }),
    );
  });

  it('do not match another version', () => {
    fc.assert(
      fc.property(version, version, (one, other) => {
        fc.pre(one !== other);
        expect(isNoneMatch(etagOf(one), etagOf(other))).toBe(false);
        expect(versionsIn(etagOf(one))).not.toContain(other);
      }),
    );
  });

  it('are parsed without surprises, whatever the field', () => {
    fc.assert(
      fc.property(fc.string(), (field) => {
        try {
          const versions = versionsIn(field);
          expect(versions === undefined ? field.trim() : '*').toBe('*');
        } catch (error) {
          expect(error).toBeInstanceOf(PreconditionFailedError);
        }
        expect(typeof isNoneMatch(field, '"1"')).toBe('boolean');
      }),
    );
  });

  it('have one spelling', () => {
    for (const field of ['"01"', '"+1"', '"1.0"', '" 1"', '"1e0"', '""']) {
      let versions: readonly number[] | undefined;
      try {
        versions = versionsIn(field);
      } catch {
        versions = [];
      }
      expect(versions).toEqual([]);
    }
  });

  it('are parsed in time that does not explode', () => {
    const started = performance.now();
    for (const field of [
      `${'"a",'.repeat(4000)}x`,
      `"${'a'.repeat(16_000)}`,
      `"a"${' '.repeat(16_000)}x`,
      ' '.repeat(16_000),
    ])
      isNoneMatch(field, '"1"');
    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe('traceparent', () => {
  const hex = (length: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });

  it('gives its trace id when it is valid', () => {
    fc.assert(
      fc.property(hex(2), hex(32), hex(16), hex(2), (versionByte, trace, parent, flags) => {
        const isValid = versionByte !== 'ff' && !/^0+$/.test(trace) && !/^0+$/.test(parent);
        expect(traceIdOf(`${versionByte}-${trace}-${parent}-${flags}`)).toBe(isValid ? trace : undefined);
      }),
    );
  });

  it('gives nothing otherwise', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(traceIdOf(text)).toBeUndefined()));
    expect(traceIdOf(undefined)).toBeUndefined();
    expect(traceIdOf(`00-${'A'.repeat(32)}-${'b'.repeat(16)}-01`)).toBeUndefined();
  });
});
