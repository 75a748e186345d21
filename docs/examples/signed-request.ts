import { createHash, randomUUID, sign, type KeyObject } from 'node:crypto';

/** What a program needs to sign its requests. */
export interface Signer {
  /** Origin of the API, as its callers know it: https://api.example.com */
  origin: string;
  /** `rf_…` */
  apiKey: string;
  /** The `id` of the signing key. */
  keyId: string;
  /** The Ed25519 private key; the API knows its public part alone. */
  privateKey: KeyObject;
}

/** The headers of a signed request (RFC 9421, with a `Content-Digest` of RFC 9530 over the octets of the body). */
export function signedHeaders(
  { origin, apiKey, keyId, privateKey }: Signer,
  method: string,
  target: string,
  body?: string | Uint8Array,
): Record<string, string> {
  const fields: Record<string, string> = {};
  if (body !== undefined)
    fields['content-digest'] = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const covered = ['"@method"', '"@target-uri"', ...Object.keys(fields).map((name) => `"${name}"`)];
  const created = Math.floor(Date.now() / 1000);
  const parameters = `(${covered.join(' ')});created=${created};nonce="${randomUUID()}";keyid="${keyId}"`;
  const base = [
    `"@method": ${method}`,
    `"@target-uri": ${origin}${target}`,
    ...Object.entries(fields).map(([name, value]) => `"${name}": ${value}`),
    `"@signature-params": ${parameters}`,
  ].join('\n');
  const signature = sign(null, Buffer.from(base), privateKey).toString('base64');
  return {
    ...fields,
    authorization: `Bearer ${apiKey}`,
    'signature-input': `sig1=${parameters}`,
    signature: `sig1=:${signature}:`,
  };
}

/** Sends JSON; the octets that are signed are the octets that are sent. */
export function sendSigned(signer: Signer, method: string, target: string, json?: object): Promise<Response> {
  const body = json && JSON.stringify(json);
  const headers = signedHeaders(signer, method, target, body);
  return fetch(signer.origin + target, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body }),
  });
}
