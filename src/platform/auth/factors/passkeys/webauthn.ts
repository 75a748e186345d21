import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticatorTransport,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import { decodeAttestationObject, isoBase64URL } from '@simplewebauthn/server/helpers';
import { Injectable, Logger } from '@nestjs/common';
import type { AccountStore } from '../../accounts/account-store.js';
import type { CeremonyPurpose } from './challenge.entity.js';
import type { AssertionDto, AttestationDto } from './credential.dto.js';
import type { PasskeyColumns } from './passkey.entity.js';
import type { NewPasskey } from './passkeys.repository.js';
import { RelyingParty } from './relying-party.js';

/** As long as the challenge is kept. */
const TIMEOUT_MS = 5 * 60_000;
/** EdDSA, ES256, RS256 (RFC 9053, RFC 8812). */
const ALGORITHMS = [-8, -7, -257];

/** Registering and using passkeys (WebAuthn Level 3, 7.1 and 7.2). The user is verified each time; a challenge is good once. */
@Injectable()
export class WebAuthn {
  private readonly logger = new Logger(WebAuthn.name);

  constructor(private readonly party: RelyingParty) {}

  /** What a browser needs to make a passkey. Throws ConflictError where there can be none. */
  async creationOptions(
    store: AccountStore,
    account: { id: string; name: string },
    label: string,
  ): Promise<PublicKeyCredentialCreationOptionsJSON> {
    this.party.assertPossible();
    const options = await generateRegistrationOptions({
      rpName: this.party.name,
      rpID: this.party.id,
      userID: handleOf(account.id),
      userName: label,
      userDisplayName: account.name,
      timeout: TIMEOUT_MS,
      attestationType: 'none',
      excludeCredentials: (await store.factors.passkeys.findOf(account.id)).map(descriptorOf),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
    });
    await store.factors.challenges.insert(options.challenge, 'registration', account.id);
    return options;
  }

  /** What is to be stored of a passkey that was just made; undefined when the answer is not good. */
  async verifyCreation(
    store: AccountStore,
    accountId: string,
    credential: AttestationDto,
  ): Promise<Omit<NewPasskey, 'name'> | undefined> {
    const challenge = await this.useChallenge(
      store,
      'registration',
      accountId,
      credential.response.clientDataJSON,
    );
    if (challenge === undefined) return undefined;
    const verified = await this.refusing(async () => {
      assertNoCertificates(credential.response.attestationObject);
      return verifyRegistrationResponse({
        response: { ...credential, clientExtensionResults: {} } as Parameters<
          typeof verifyRegistrationResponse
        >[0]['response'],
        expectedChallenge: challenge,
        expectedOrigin: this.party.origin,
        expectedRPID: this.party.id,
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      });
    });
    if (!verified?.verified) return undefined;
    const { credential: made, credentialDeviceType } = verified.registrationInfo;
    return {
      accountId,
      credentialId: made.id,
      publicKey: isoBase64URL.fromBuffer(made.publicKey),
      counter: String(made.counter),
      transports: credential.response.transports ?? [],
      synced: credentialDeviceType === 'multiDevice',
    };
  }

  /**
   * What a browser needs to use a passkey: any of this realm's when no account is named, so that the answer tells nothing
   * of who has one. Without a store (no such realm) the answer looks the same, and nothing fits it.
   */
  async requestOptions(
    store: AccountStore | undefined,
    purpose: CeremonyPurpose,
    accountId: string | null,
  ): Promise<PublicKeyCredentialRequestOptionsJSON> {
    this.party.assertPossible();
    const known = store && accountId !== null ? await store.factors.passkeys.findOf(accountId) : [];
    const options = await generateAuthenticationOptions({
      rpID: this.party.id,
      timeout: TIMEOUT_MS,
      userVerification: 'required',
      allowCredentials: known.map(descriptorOf),
    });
    await store?.factors.challenges.insert(options.challenge, purpose, accountId);
    return options;
  }

  /**
   * The passkey that gave this answer; undefined when the answer is not good: another challenge, origin, domain or
   * account, a wrong signature, or a counter that did not go on.
   */
  async verifyUse(
    store: AccountStore,
    purpose: CeremonyPurpose,
    accountId: string | null,
    credential: AssertionDto,
  ): Promise<PasskeyColumns | undefined> {
    const { clientDataJSON, userHandle } = credential.response;
    const challenge = await this.useChallenge(store, purpose, accountId, clientDataJSON);
    const passkey = await store.factors.passkeys.findByCredential(credential.id);
    if (challenge === undefined || !passkey) return undefined;
    if (accountId !== null && passkey.accountId !== accountId) return undefined;
    // Where nobody was named, the authenticator must say whom it speaks for.
    const handle = userHandle ?? (accountId === null ? '' : undefined);
    if (handle !== undefined && handle !== isoBase64URL.fromBuffer(handleOf(passkey.accountId)))
      return undefined;
    const verified = await this.refusing(() =>
      verifyAuthenticationResponse({
        response: { ...credential, clientExtensionResults: {} } as Parameters<
          typeof verifyAuthenticationResponse
        >[0]['response'],
        expectedChallenge: challenge,
        expectedOrigin: this.party.origin,
        expectedRPID: this.party.id,
        requireUserVerification: true,
        // The counter is compared where it is stored, in one step with its change.
        credential: {
          id: passkey.credentialId,
          publicKey: isoBase64URL.toBuffer(passkey.publicKey),
          counter: 0,
        },
      }),
    );
    if (!verified?.verified) return undefined;
    if (await store.factors.passkeys.noteUse(passkey.id, verified.authenticationInfo.newCounter))
      return passkey;
    this.logger.warn(
      { passkeyId: passkey.id },
      'the counter of a passkey did not go on: it may have been copied',
    );
    return undefined;
  }

  /** The challenge that the answer is for, used up; undefined when it was not given out for this, or not any more. */
  private async useChallenge(
    store: AccountStore,
    purpose: CeremonyPurpose,
    accountId: string | null,
    clientDataJSON: string,
  ): Promise<string | undefined> {
    const said = challengeIn(clientDataJSON);
    return said !== undefined && (await store.factors.challenges.use(said, purpose, accountId))
      ? said
      : undefined;
  }

  /** The library throws for every answer that is not good, and asks nobody but the answer itself. */
  private async refusing<T>(verify: () => Promise<T>): Promise<T | undefined> {
    try {
      return await verify();
    } catch (error) {
      this.logger.debug({ err: error }, 'an answer of an authenticator was refused');
      return undefined;
    }
  }
}

/** The user handle (WebAuthn, 5.4.3): the id's bytes, which say nothing of the person. */
const handleOf = (accountId: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(accountId.replaceAll('-', ''), 'hex'));

const descriptorOf = ({ credentialId, transports }: PasskeyColumns) => ({
  id: credentialId,
  transports: transports as AuthenticatorTransport[],
});

function challengeIn(clientDataJSON: string): string | undefined {
  try {
    const said = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as {
      challenge?: unknown;
      crossOrigin?: unknown;
    } | null;
    // A page of another origin that frames ours asks for nothing here.
    return typeof said?.challenge === 'string' && said.crossOrigin !== true ? said.challenge : undefined;
  } catch {
    return undefined;
  }
}

/**
 * No attestation was asked for, so none with certificates can be meant (WebAuthn, 5.4.7). Verifying their chain would
 * also make the library fetch lists of revoked ones from wherever the certificates say.
 */
function assertNoCertificates(attestationObject: string): void {
  const decoded = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
  const format: string = decoded.get('fmt');
  const isSelfSigned = format === 'packed' && decoded.get('attStmt').get('x5c') === undefined;
  if (format !== 'none' && !isSelfSigned) throw new Error(`attestation of the format ${format}`);
}
