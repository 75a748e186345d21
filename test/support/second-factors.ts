import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import { Secret, TOTP } from 'otpauth';
import { send, type Answer, type Client } from './client.js';
import { asOwner } from './database.js';

const STEP_SECONDS = 30;

/** The code that an authenticator app shows, so many steps from now. */
export const codeOf = (secret: string, steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({
    timestamp: Date.now() + steps * STEP_SECONDS * 1000,
  });

/** A code that is surely wrong now, and soon. */
export function wrongCodeOf(secret: string): string {
  const right = new Set([-2, -1, 0, 1, 2].map((steps) => codeOf(secret, steps)));
  for (let code = 0; ; code++) {
    const text = String(code).padStart(6, '0');
    if (!right.has(text)) return text;
  }
}

/** Enrols an authenticator app; codes of the present step are still good afterwards. */
export async function enrolTotp(
  caller: Client,
  tenantId?: string,
): Promise<{ secret: string; recoveryCodes: string[] }> {
  const offer = await caller.post('/v1/auth/mfa/totp');
  if (offer.status !== 200) throw new Error(`enrolling answered ${offer.status}: ${offer.text}`);
  const { secret } = offer.body as { secret: string };
  const confirmed = await caller.post('/v1/auth/mfa/totp/confirm', { code: codeOf(secret) });
  if (confirmed.status !== 200) throw new Error(`confirming answered ${confirmed.status}: ${confirmed.text}`);
  await rewindTotp(caller.me.id, tenantId);
  return { secret, ...(confirmed.body as { recoveryCodes: string[] }) };
}

/** Forgets which codes were used, as if time had passed. */
export async function rewindTotp(accountId: string, tenantId?: string): Promise<void> {
  await asOwner(`UPDATE {schema}.totp SET last_step = 0 WHERE account_id = $1`, [accountId], tenantId);
}

/** Lets the proofs of the account's sessions be as old as that. */
export async function ageProofs(accountId: string, seconds: number, tenantId?: string): Promise<void> {
  await asOwner(
    `UPDATE {schema}.session SET proved_at = now() - make_interval(secs => $2) WHERE account_id = $1`,
    [accountId, seconds],
    tenantId,
  );
}

export interface Pending {
  mfaRequired: true;
  mfaToken: string;
  methods: string[];
  enrolmentRequired: boolean;
}

export const finish = (body: object): Promise<Answer> => send('POST', '/v1/auth/mfa', { body });

interface CreationOptions {
  challenge: string;
  user: { id: string };
}
interface RequestOptions {
  challenge: string;
}
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
    private readonly origin: string,
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

  create({ challenge, user }: CreationOptions, but: Deviations = {}): object {
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

  get({ challenge }: RequestOptions, but: Deviations = {}): object {
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
export async function registerPasskey(caller: Client, origin: string): Promise<SoftwareAuthenticator> {
  const authenticator = new SoftwareAuthenticator(origin);
  const options = (await caller.post('/v1/auth/passkeys/options')).body as CreationOptions;
  const credential = authenticator.create(options);
  const answer = await caller.post('/v1/auth/passkeys', { credential });
  if (answer.status !== 201) throw new Error(`registering answered ${answer.status}: ${answer.text}`);
  return authenticator;
}
