import { isInnerList, parseDictionary, type InnerList, type Item } from 'structured-headers';
import type { SignableMessage } from './signature-base.js';

/** The signature fields of a request cannot be read, or do not say which signature is meant. */
export class SignatureFieldsError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'SignatureFieldsError';
  }
}

/** One signature of a message, as its sender describes it. */
export interface GivenSignature {
  /** What is covered, and the parameters. */
  input: InnerList;
  keyId: string;
  /** Seconds since the epoch; undefined when not given. */
  created: number | undefined;
  expires: number | undefined;
  nonce: string | undefined;
  alg: string | undefined;
  signature: Buffer;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the message claims to be signed. */
export const isSigned = (message: SignableMessage): boolean =>
  message.field('signature-input').length > 0 || message.field('signature').length > 0;

/**
 * The one signature that is made with a key of ours (RFC 9421, 4): others, such as a proxy's, are not our concern. Throws
 * SignatureFieldsError when there is none, or several.
 */
export function givenSignature(message: SignableMessage): GivenSignature {
  const inputs = dictionary(message, 'signature-input');
  const ours = [...inputs].filter(([, input]) => {
    const keyId = input[1].get('keyid');
    return typeof keyId === 'string' && UUID.test(keyId);
  });
  const [only, ...others] = ours;
  if (!only || others.length > 0)
    throw new SignatureFieldsError('Signature-Input must name the id of one signing key as `keyid`.');
  const [label, input] = only;
  if (!isInnerList(input)) throw new SignatureFieldsError('Signature-Input must list what is covered.');
  const signature = dictionary(message, 'signature').get(label)?.[0];
  if (!(signature instanceof ArrayBuffer))
    throw new SignatureFieldsError(`Signature has no octets of the label ${label}.`);
  const [, parameters] = input;
  const text = (name: string) => expecting('string', name, parameters.get(name));
  const seconds = (name: string) => expecting('number', name, parameters.get(name));
  return {
    input,
    keyId: text('keyid')!,
    created: seconds('created'),
    expires: seconds('expires'),
    nonce: text('nonce'),
    alg: text('alg'),
    signature: Buffer.from(signature),
  };
}

interface Types {
  string: string;
  number: number;
}

/** Undefined when the parameter was left out. */
function expecting<T extends keyof Types>(type: T, name: string, value: unknown): Types[T] | undefined {
  if (value === undefined) return undefined;
  const isFit = typeof value === type && (type !== 'number' || Number.isSafeInteger(value));
  if (!isFit) throw new SignatureFieldsError(`The parameter ${name} is of another type.`);
  return value as Types[T];
}

function dictionary(message: SignableMessage, name: string): Map<string, InnerList | Item> {
  try {
    return parseDictionary(message.field(name).join(', '));
  } catch {
    throw new SignatureFieldsError(`The field ${name} is no dictionary of RFC 9651.`);
  }
}
