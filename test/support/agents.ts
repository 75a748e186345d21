import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { clientAssertion, fetchToken, type AgentIdentity } from '../../docs/examples/agent-token.js';
import { Client, send, serverUrl, type Answer, type Resource } from './client.js';
import { unique } from './world.js';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Of the shared server, which has no `PUBLIC_URL`. */
export const ISSUER = 'ringfence';

/** A credential as it is answered, with what signs for it. */
export interface MadeCredential extends AgentIdentity {
  agent: Resource;
  credential: Resource & { clientId: string; vendorId: string; expiresAt: string };
}

export const jwkOf = (key: KeyObject) => {
  const { kty, crv, x } = key.export({ format: 'jwk' });
  return { kty, crv, x };
};

/** A further credential of the agent, with a key of its own. */
export async function addCredential(
  maker: Client,
  agent: Resource,
  permissions: readonly string[],
  more: Record<string, unknown> = {},
): Promise<MadeCredential> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const credential = await maker.create<MadeCredential['credential']>('/v1/agent-credentials', {
    ...{ agentId: agent.id, name: unique('Credential'), publicKey: jwkOf(publicKey), permissions },
    ...more,
  });
  const { id: credentialId, clientId } = credential;
  return { agent, credential, origin: serverUrl(), issuer: ISSUER, clientId, credentialId, privateKey };
}

/** A new software agent of the vendor, with a credential. */
export async function makeAgent(
  maker: Client,
  vendorId: string,
  permissions: readonly string[],
): Promise<MadeCredential> {
  const facts = { vendorId, name: unique('Robot'), kind: 'software', status: 'active' };
  return addCredential(maker, await maker.create('/v1/agents', facts), permissions);
}

/** Asks for a token by this assertion. */
export const present = (assertion: string, more: Record<string, string> = {}): Promise<Answer> =>
  send('POST', '/v1/auth/token', {
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
      ...more,
    }),
  });

export const tokenOf = async (identity: AgentIdentity): Promise<string> =>
  (await fetchToken(identity)).access_token;

/** The agent, calling with a new token. */
export const callerOf = async (identity: AgentIdentity): Promise<Client> =>
  Client.with(await tokenOf(identity));

export { clientAssertion };
