import { randomUUID, sign, type KeyObject } from 'node:crypto';

/** What a software agent needs to get tokens. */
export interface AgentIdentity {
  /** Origin of the API: https://api.example.com */
  origin: string;
  /** The installation's name for itself: its `PUBLIC_URL`, `ringfence` when it has none. */
  issuer: string;
  /** The `clientId` of the credential. */
  clientId: string;
  /** The `id` of the credential. */
  credentialId: string;
  /** The Ed25519 private key; the API knows its public part alone. */
  privateKey: KeyObject;
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** An assertion that is good once, for a minute (RFC 7523). */
export function clientAssertion({ issuer, clientId, credentialId, privateKey }: AgentIdentity): string {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'EdDSA', typ: 'client-authentication+jwt', kid: credentialId };
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: issuer,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
  };
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
}

/** A token for the agent (RFC 6749, 4.4). Get another before it expires: `expires_in` is in seconds. */
export async function fetchToken(
  agent: AgentIdentity,
): Promise<{ access_token: string; token_type: string; expires_in: number }> {
  const answer = await fetch(`${agent.origin}/v1/auth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: clientAssertion(agent),
    }),
  });
  if (!answer.ok) throw new Error(`no token: ${await answer.text()}`);
  return (await answer.json()) as { access_token: string; token_type: string; expires_in: number };
}
