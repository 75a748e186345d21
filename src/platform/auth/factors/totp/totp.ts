import { Secret, TOTP } from 'otpauth';

const ISSUER = 'Ringfence';
/** 160 bits, the length that RFC 4226 recommends (R6). */
const SEED_BYTES = 20;
/** RFC 6238 with what every authenticator app can do. */
const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
/** Nothing else may reach the library, which compares bytes and throws when there are more of them. */
const CODE = /^[0-9]{6}$/;
/** Steps that a clock may be off, each way. */
const WINDOW_STEPS = 1;

/** A new random seed, in base32. */
export const newSeed = (): string => new Secret({ size: SEED_BYTES }).base32;

/** The address that authenticator apps read from a QR code. */
export const totpUri = (seed: string, label: string): string => totpOf(seed, label).toString();

/** The time step to which the code belongs, at most one from `now` (milliseconds); undefined for a wrong code. */
export function stepOf(seed: string, code: string, now = Date.now()): number | undefined {
  if (!CODE.test(code)) return undefined;
  const delta = totpOf(seed, '').validate({ token: code, timestamp: now, window: WINDOW_STEPS });
  return delta === null ? undefined : Math.floor(now / 1000 / PARAMETERS.period) + delta;
}

const totpOf = (seed: string, label: string): TOTP =>
  new TOTP({ ...PARAMETERS, issuer: ISSUER, label, secret: Secret.fromBase32(seed) });
