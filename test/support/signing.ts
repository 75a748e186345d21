import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { signedHeaders, type Signer } from '../../docs/examples/signed-request.js';
import { makeKey } from './api-keys.js';
import { send, serverUrl, type Answer, type Client, type Resource } from './client.js';
import { unique } from './world.js';

export const RIGHTS = ['vendors:read:any', 'agents:create:any', 'agents:read:any', 'files:create:any'];
/** What every signature must cover. */
export const NEEDED = ['@method', '@target-uri'];
export const { publicKey, privateKey } = generateKeyPairSync('ed25519');

export const spki = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
/** Seconds since the epoch. */
export const now = (): number => Math.floor(Date.now() / 1000);

/** What is sent, and may be altered on the way. */
export interface Call {
  method: string;
  target: string;
  headers: Record<string, string>;
  body?: string;
}

export const make = ({ method, target, headers, body }: Call, origin = serverUrl()): Promise<Answer> =>
  send(method, origin + target, { headers, body });

export const addKey = (maker: Client, more: object): Promise<Resource & { secret: string }> =>
  maker.create('/v1/signing-keys', { name: unique('Signing'), ...more });

/** A program whose API key requires signatures. */
export async function signerOf(maker: Client): Promise<Signer & { apiKeyId: string }> {
  const { id: apiKeyId, secret: apiKey } = await makeKey(maker, RIGHTS, { requireSignature: true });
  const { id: keyId } = await addKey(maker, { algorithm: 'ed25519', publicKey: spki(publicKey) });
  return { origin: serverUrl(), apiKey, apiKeyId, keyId, privateKey };
}

export const parametersAt = ({ keyId }: Signer, created: number, more = ''): string =>
  `;created=${created};nonce="${randomUUID()}";keyid="${keyId}"${more}`;

export function callOf(signer: Signer, method: string, target: string, json?: object): Call {
  const body = json && JSON.stringify(json);
  return { method, target, headers: signedHeaders(signer, method, target, body), ...(body && { body }) };
}

/** GET /v1/vendors, signed over what the test says, right or not. */
export function signedOver(
  { apiKey }: Signer,
  covered: readonly string[],
  parameters: string,
  values: Record<string, string> = {},
): Call {
  const all = `(${covered.map((name) => `"${name}"`).join(' ')})${parameters}`;
  const known: Record<string, string> = {
    '@method': 'GET',
    '@target-uri': `${serverUrl()}/v1/vendors`,
    authorization: `Bearer ${apiKey}`,
    ...values,
  };
  const lines = covered.map((name) => `"${name}": ${known[name]}`);
  const base = [...lines, `"@signature-params": ${all}`].join('\n');
  const signature = sign(null, Buffer.from(base, 'latin1'), privateKey).toString('base64');
  const headers = {
    authorization: `Bearer ${apiKey}`,
    ...Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith('@'))),
    'signature-input': `sig1=${all}`,
    signature: `sig1=:${signature}:`,
  };
  return { method: 'GET', target: '/v1/vendors', headers };
}
