import { serializeInnerList, serializeItem, type InnerList, type Item } from 'structured-headers';

/** What of a message can be signed. Values are as they came, octet by octet as latin1. */
export interface SignableMessage {
  method: string;
  /** Scheme and authority under which the sender reached us, as `https://api.example.com`. */
  origin: string;
  /** Path and query as they were sent. */
  target: string;
  /** All values of the field of this name in lower case, in their order; none when it was not sent. */
  field(name: string): readonly string[];
}

/** A signature names a component that the message does not have, that is not known here, or that it names twice. */
export class ComponentError extends Error {
  constructor(component: string, reason: string) {
    super(`The component ${component} ${reason}.`);
    this.name = 'ComponentError';
  }
}

/**
 * The octets that were signed (RFC 9421, 2.5): one line for each covered component, and last the parameters. Throws
 * ComponentError. Of the components' own parameters only `name` of `@query-param` is taken.
 */
export function signatureBase(message: SignableMessage, input: InnerList): Buffer {
  const seen = new Set<string>();
  const lines = input[0].flatMap((item) => {
    const identifier = serializeItem(item);
    if (seen.has(identifier)) throw new ComponentError(identifier, 'is named twice');
    seen.add(identifier);
    return valuesOf(message, item, identifier).map((value) => `${identifier}: ${value}`);
  });
  const text = [...lines, `"@signature-params": ${serializeInnerList(input)}`].join('\n');
  return Buffer.from(text, 'latin1');
}

function valuesOf(message: SignableMessage, [name, parameters]: Item, identifier: string): string[] {
  if (typeof name !== 'string' || name !== name.toLowerCase())
    throw new ComponentError(identifier, 'is no name in lower case');
  const allowed = name === '@query-param' ? ['name'] : [];
  if ([...parameters.keys()].join() !== allowed.join())
    throw new ComponentError(identifier, 'has other parameters than are taken');
  if (name === '@query-param') return queryParam(message, parameters.get('name'), identifier);
  if (!name.startsWith('@')) return [fieldValue(message, name, identifier)];
  const derive = DERIVED[name];
  if (!derive) throw new ComponentError(identifier, 'is not known');
  return [derive(message)];
}

/** A sender may call us by a name that is none. */
function urlOf(origin: string): URL {
  if (!URL.canParse(origin)) throw new ComponentError('of the authority', 'cannot be told');
  return new URL(origin);
}

const pathOf = (target: string): string => target.split('?', 1)[0] || '/';

/** RFC 9421, 2.2. */
const DERIVED: Readonly<Record<string, (message: SignableMessage) => string>> = {
  '@method': ({ method }) => method,
  '@target-uri': ({ origin, target }) => origin + target,
  // The URL parser puts it in lower case and leaves a scheme's own port out.
  '@authority': ({ origin }) => urlOf(origin).host,
  '@scheme': ({ origin }) => urlOf(origin).protocol.slice(0, -1),
  '@request-target': ({ target }) => target,
  '@path': ({ target }) => pathOf(target),
  '@query': ({ target }) => `?${target.split('?').slice(1).join('?')}`,
};

/** RFC 9421, 2.1: values without white space at their ends, joined. */
function fieldValue(message: SignableMessage, name: string, identifier: string): string {
  const values = message.field(name);
  if (values.length === 0) throw new ComponentError(identifier, 'is not in the request');
  return values.map((value) => value.trim().replaceAll(/\s*\r?\n\s*/g, ' ')).join(', ');
}

/** RFC 9421, 2.2.8: decoded as a form is, and encoded anew, so that all spellings are one. */
function queryParam({ target }: SignableMessage, name: unknown, identifier: string): string[] {
  if (typeof name !== 'string') throw new ComponentError(identifier, 'has no name');
  const query = new URLSearchParams(target.split('?').slice(1).join('?'));
  const values = [...query]
    .filter(([key]) => formEncoded(key) === name)
    .map(([, value]) => formEncoded(value));
  if (values.length === 0) throw new ComponentError(identifier, 'is not in the request');
  return values;
}

const formEncoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()~]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
