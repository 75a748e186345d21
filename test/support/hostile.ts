/** Raw JSON values that no text field takes. */
export const NOT_TEXT = ['{}', '[]', 'true', '12', '1e400', '{"a":{"b":[{"c":null}]}}', '["x"]'] as const;

/** JSON values that no list of words takes. */
export const NOT_WORDS = ['{}', 'true', '12', '1e400', '"word"', '[{}]', '[1]', '[null]', '[["x"]]'] as const;

/** Text, as raw JSON, that PostgreSQL cannot hold or that would be stored as something else. */
export const NOT_STORABLE = ['"a\\u0000b"', '"a\\ud800b"', '"\\udc00"'] as const;

/** Bodies that are no JSON. */
export const MALFORMED = [
  '{',
  '{"a":}',
  '{"a":1,}',
  "{'a':1}",
  '{"a":01}',
  'undefined',
  '{"a":"\n"}',
  '[1',
] as const;

export const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
export const deepList = (levels: number): string => `{"name":${'['.repeat(levels)}${']'.repeat(levels)}}`;

/** Bodies that are JSON, but never a thing of ours. */
export const STRANGE: Record<string, string> = {
  'a list': '[]',
  null: 'null',
  text: '"text"',
  'a number': '1',
  '2,000 levels': deep(2_000),
  '100,000 levels': deep(100_000),
  '2,000 levels of lists': deepList(2_000),
  __proto__: '{"__proto__":{"isAdmin":true}}',
  constructor: '{"constructor":{"prototype":{"isAdmin":true}}}',
  prototype: '{"prototype":{}}',
  toString: '{"toString":"x"}',
};

/** Query strings that no list takes, with the parameter at fault. */
export const QUERIES: readonly [query: string, parameter: string][] = [
  ['limit=0', 'limit'],
  ['limit=101', 'limit'],
  ['limit=-1', 'limit'],
  ['limit=1.5', 'limit'],
  ['limit=0x10', 'limit'],
  ['limit=1e1', 'limit'],
  ['limit=%2010', 'limit'],
  ['limit=', 'limit'],
  ['limit=99999999999999999999', 'limit'],
  ['limit=NaN', 'limit'],
  ['limit=1&limit=2', 'limit'],
  ['sort=id', 'sort'],
  ['sort=name;drop table vendor', 'sort'],
  ['sort=name&sort=-name', 'sort'],
  ['sort=__proto__', 'sort'],
  ['cursor=x', 'cursor'],
  ['cursor=', 'cursor'],
  ['cursor=eyJhIjoxfQ', 'cursor'],
  ['cursor=%00', 'cursor'],
  [`cursor=${'A'.repeat(600)}`, 'cursor'],
  ['unknown=1', 'unknown'],
  ['limit[a]=1', 'limit[a]'],
  ['__proto__=1', '__proto__'],
  ['constructor=1', 'constructor'],
];

/** Path segments in the place of an id. */
export const BAD_IDS = [
  'x',
  '0',
  'null',
  'undefined',
  '00000000-0000-0000-0000-00000000000',
  '0190a0a0-0000-7000-8000-00000000000g',
  "1' or '1'='1",
  '%00',
  '..%2f..%2fetc%2fpasswd',
  '%7B%7D',
  'a'.repeat(2_000),
] as const;
