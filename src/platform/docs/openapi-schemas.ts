type Schema = Record<string, unknown>;

const STRING_KEYWORDS = ['minLength', 'maxLength', 'pattern', 'format', 'enum'] as const;
const BOUNDS = ['maxLength', 'format', 'enum', 'pattern', 'const', 'contentMediaType'] as const;

/** What the contract promises of names: times are RFC 3339, ids are UUIDs, addresses are addresses. */
const FORMATS_BY_NAME: readonly [RegExp, Schema][] = [
  [/^id$|Id$/, { format: 'uuid' }],
  [/At$|Until$/, { format: 'date-time' }],
  [/^email$|Email$/, { format: 'email', maxLength: 254 }],
];

/** A page never has more items than `limit` allows. */
const PAGE_MAX_ITEMS = 100;

const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

/** Brings a schema that Nest made, and all within it, into the form of JSON Schema 2020-12, in place. */
export function completeSchema(schema: unknown, name = ''): void {
  if (!isObject(schema)) return;
  if (schema['nullable'] === true && schema['type'] !== undefined) {
    schema['type'] = [...new Set([schema['type'], 'null'].flat())];
  }
  delete schema['nullable'];
  if (schema['type'] === 'array') moveToItems(schema);
  if (isString(schema) && !BOUNDS.some((keyword) => keyword in schema)) {
    Object.assign(schema, FORMATS_BY_NAME.find(([pattern]) => pattern.test(name))?.[1]);
  }
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  for (const [key, property] of Object.entries(properties)) completeSchema(property, key);
  if ('page' in properties && isObject(properties['data'])) properties['data']['maxItems'] ??= PAGE_MAX_ITEMS;
  completeSchema(schema['items'], name.replace(/s$/, ''));
  for (const key of ['allOf', 'oneOf', 'anyOf']) {
    if (Array.isArray(schema[key])) schema[key].forEach((part) => completeSchema(part, name));
  }
}

const isString = ({ type }: Schema): boolean =>
  type === 'string' || (Array.isArray(type) && type.includes('string'));

/** Nest writes what `each: true` says of the items to the array itself, where it means nothing. */
function moveToItems(schema: Schema): void {
  if (!isObject(schema['items'])) return;
  for (const keyword of STRING_KEYWORDS) {
    if (!(keyword in schema)) continue;
    schema['items'][keyword] ??= schema[keyword];
    Reflect.deleteProperty(schema, keyword);
  }
}
