import fc from 'fast-check';
import { canonical } from '../../src/platform/audit/log/canonical.js';
import { genesisOf, linkAfter, positionAfter, type Position } from '../../src/platform/audit/log/chain.js';

const key = Buffer.alloc(32, 7);
const digests = fc.array(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 20 });

const hashesOf = (entries: readonly string[]): string[] => {
  let position: Position = genesisOf('log');
  return entries.map((entry) => (position = positionAfter(position, entry)).hash);
};

describe('the canonical form', () => {
  it('is the same whatever the order of the members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonical(reversed)).toBe(canonical(value));
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is that of RFC 8785, section 3.2.2', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27],
      string: '€$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonical(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });
});

describe('the chain', () => {
  it('is another from wherever an entry is changed, removed or moved', () => {
    fc.assert(
      fc.property(digests, fc.nat(), (entries, at) => {
        const place = at % entries.length;
        const before = hashesOf(entries);
        for (const changed of [entries.with(place, `${entries[place]}x`), ['new', ...entries]]) {
          const after = hashesOf(changed);
          const first = changed.length === entries.length ? place : 0;
          expect(after.slice(0, first)).toEqual(before.slice(0, first));
          for (let n = first; n < entries.length; n++) expect(after[n]).not.toBe(before[n]);
        }
      }),
    );
  });

  it('is the same for those with the key and those without, but for the code', () => {
    fc.assert(
      fc.property(fc.string(), (entry) => {
        const link = linkAfter(key, genesisOf('log'), entry);
        expect(link).toMatchObject(positionAfter(genesisOf('log'), entry));
        expect(linkAfter(Buffer.alloc(32, 8), genesisOf('log'), entry).mac).not.toBe(link.mac);
      }),
    );
  });

  it('begins differently in each log', () => {
    expect(genesisOf('one').hash).not.toBe(genesisOf('other').hash);
  });
});
