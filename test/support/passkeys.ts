import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import { addAda, type Credentials } from './auth.js';
import { Client, send, serverUrl, type Answer } from './client.js';
import { world, type TenantWorld } from './world.js';

/** What browsers call the shared server; an IP address can have no passkeys. */
const ORIGIN = serverUrl().replace('127.0.0.1', 'localhost');

export interface Options {
  challenge: string;
  user: { id: string };
  allowCredentials?: { id: string }[];
}
export interface PasskeyOwner {
  tenant: TenantWorld;
  credentials: Credentials & { id: string };
  client: Client;
  passkey: SoftwareAuthenticator;
}

/** Somebody of a tenant of their own. */
export async function withoutPasskey(): Promise<Omit<PasskeyOwner, 'passkey'>> {
  const tenant = await world.tenant();
  const credentials = await addAda(tenant);
  return { tenant, credentials, client: await Client.signIn(credentials) };
}

export async function passkeyOwner(): Promise<PasskeyOwner> {
  const owner = await withoutPasskey();
  return { ...owner, passkey: await registerPasskey(owner.client) };
}

export const loginOptions = async (tenant?: string): Promise<Options> => {
  const answer = await send('POST', '/v1/auth/login/passkey/options', { body: { tenant } });
  expect(answer.status).toBe(200);
  return answer.body as Options;
};
export const signInByPasskey = (tenant: string | undefined, credential: object): Promise<Answer> =>
  send('POST', '/v1/auth/login/passkey', { body: { tenant, credential } });

/** What a test makes different from what is right. */
export interface Deviations {
  challenge?: string;
  origin?: string;
  rpId?: string;
  crossOrigin?: boolean;
  userVerified?: boolean;
  userHandle?: string;
  type?: string;
}

/** An authenticator in software: one ES256 key pair, with a counter. */
export class SoftwareAuthenticator {
  readonly id = randomBytes(32);
  counter = 1;
  private readonly privateKey: KeyObject;
  private readonly cose: Map<number, number | Uint8Array>;
  userHandle = '';

  constructor(
    private readonly origin = ORIGIN,
    private readonly rpId = new URL(origin).hostname,
  ) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    this.privateKey = privateKey;
    this.cose = new Map<number, number | Uint8Array>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, new Uint8Array(Buffer.from(x, 'base64url'))],
      [-3, new Uint8Array(Buffer.from(y, 'base64url'))],
    ]);
  }

  create({ challenge, user }: Options, but: Deviations = {}): object {
    this.userHandle = user.id;
    const clientData = this.clientData('webauthn.create', challenge, but);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.id, isoCBOR.encode(this.cose)]);
    const authData = Buffer.concat([this.authData(0x41, but), attested]);
    const attestation = new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', new Uint8Array(authData)],
    ]);
    const attestationObject = Buffer.from(isoCBOR.encode(attestation as never)).toString('base64url');
    return this.credential({
      clientDataJSON: clientData.toString('base64url'),
      attestationObject,
      transports: ['internal'],
    });
  }

  get({ challenge }: Options, but: Deviations = {}): object {
    const clientData = this.clientData('webauthn.get', challenge, but);
    const authData = this.authData(0x01, but);
    const signature = createSign('sha256')
      .update(authData)
      .update(createHash('sha256').update(clientData).digest())
      .sign(this.privateKey);
    return this.credential({
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: authData.toString('base64url'),
      signature: signature.toString('base64url'),
      userHandle: but.userHandle ?? this.userHandle,
    });
  }

  private clientData(type: string, challenge: string, but: Deviations): Buffer {
    const { origin = this.origin, crossOrigin = false } = but;
    return Buffer.from(
      JSON.stringify({
        type: but.type ?? type,
        challenge: but.challenge ?? challenge,
        origin,
        crossOrigin,
      }),
    );
  }

  private authData(flags: number, { rpId = this.rpId, userVerified = true }: Deviations): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter++);
    const domain = createHash('sha256').update(rpId).digest();
    return Buffer.concat([domain, Buffer.from([flags | (userVerified ? 0x04 : 0)]), counter]);
  }

  private credential(response: object): object {
    const id = this.id.toString('base64url');
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response };
  }
}

/** Registers a passkey of the caller and returns its authenticator. */
export async function registerPasskey(caller: Client): Promise<SoftwareAuthenticator> {
  const authenticator = new SoftwareAuthenticator();
  const options = (await caller.post('/v1/auth/passkeys/options')).body as Options;
  const credential = authenticator.create(options);
  const answer = await caller.post('/v1/auth/passkeys', { credential });
  if (answer.status !== 201) throw new Error(`registering answered ${answer.status}: ${answer.text}`);
  return authenticator;
}

/** What is wrong, and how. */
export const DEVIATIONS: readonly [string, Deviations][] = [
  ['another origin', { origin: 'http://localhost.evil.example' }],
  ['the address in place of the name', { origin: serverUrl() }],
  ['another domain', { rpId: 'evil.example' }],
  ['a page that frames ours', { crossOrigin: true }],
  ['a challenge of its own', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
  ['nobody verified', { userVerified: false }],
  ['an answer of the other kind', { type: 'webauthn.other' }],
];
