import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { AccountStore } from '../../src/platform/auth/accounts/account-store.js';
import type { RelyingParty } from '../../src/platform/auth/factors/passkeys/relying-party.js';
import { WebAuthn } from '../../src/platform/auth/factors/passkeys/webauthn.js';
import vectors from '../vectors/webauthn-level-3.json';

type Fields = Record<string, string>;
interface Vector {
  name: string;
  registration: Fields;
}

const ACCOUNT = '01890a5d-ac96-774b-bcce-b302099a8057';
const SELF_ATTESTED = 'ES256 Credential with Self Attestation';
const ALL = (vectors.vectors as unknown as Vector[]).filter((vector) => 'registration' in vector);
const party = { id: vectors.rpId, origin: vectors.origin, name: 'test' } as unknown as RelyingParty;
Logger.overrideLogger(false);

const base64url = (hex = ''): string => Buffer.from(hex, 'hex').toString('base64url');

/** Registers what the vector says, to a store that has given its challenge out. */
async function register({ registration }: Vector, change: Fields = {}): Promise<boolean> {
  const fields = { ...registration, ...change };
  const given = base64url(registration.challenge);
  const challenges = { use: (challenge: string) => Promise.resolve(challenge === given) };
  const store = { factors: { challenges } } as unknown as AccountStore;
  const id = base64url(registration.credential_id);
  const response = {
    clientDataJSON: base64url(fields.clientDataJSON),
    attestationObject: base64url(fields.attestationObject),
  };
  const credential = { id, rawId: id, type: 'public-key' as const, response };
  return (await new WebAuthn(party).verifyCreation(store, ACCOUNT, credential)) !== undefined;
}

/** Whether the authenticator has verified the user: bit 2 of the flags, behind the hash of the domain. */
function isUserVerified({ registration }: Vector): boolean {
  const object = Buffer.from(registration.attestationObject ?? '', 'hex');
  const domain = createHash('sha256').update(vectors.rpId).digest();
  return (object.readUInt8(object.indexOf(domain) + domain.length) & 0x04) !== 0;
}

describe('of the registrations among the test vectors of WebAuthn Level 3', () => {
  it.each(ALL.filter((vector) => vector.name === SELF_ATTESTED))(
    '“$name” is taken, and not with one bit of it flipped',
    async (vector) => {
      expect(await register(vector)).toBe(true);
      for (const name of ['clientDataJSON', 'attestationObject']) {
        const bytes = Buffer.from(vector.registration[name] ?? '', 'hex');
        for (let place = 0; place < bytes.length; place += 3) {
          const changed = Buffer.from(bytes);
          changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
          expect({ name, place, taken: await register(vector, { [name]: changed.toString('hex') }) }).toEqual(
            {
              name,
              place,
              taken: false,
            },
          );
        }
      }
    },
  );

  it.each(ALL.filter((vector) => !isUserVerified(vector)))(
    '“$name” is refused, since nobody was verified',
    async (vector) => expect(await register(vector)).toBe(false),
  );

  it.each(ALL.filter((vector) => isUserVerified(vector) && vector.name !== SELF_ATTESTED))(
    '“$name” is refused, for its certificates or its frame',
    async (vector) => expect(await register(vector)).toBe(false),
  );

  it('enough are there to tell', () => {
    expect(ALL.length).toBe(15);
    expect(ALL.filter(isUserVerified).length).toBeGreaterThan(4);
  });
});
