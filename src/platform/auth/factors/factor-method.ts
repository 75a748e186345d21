/** What can prove an account besides its password. */
export const SECOND_FACTORS = ['totp', 'recovery_code', 'passkey'] as const;
export type SecondFactor = (typeof SECOND_FACTORS)[number];

/** What can renew the proof of a session; a recovery code is for signing in alone. */
export const STEP_UP_METHODS = ['password', 'totp', 'passkey'] as const;
export type StepUpMethod = (typeof STEP_UP_METHODS)[number];

/**
 * The `amr` values (RFC 8176) of a password followed by a one-time code. A recovery code is a code that is good once as
 * well.
 */
export const ONE_TIME_CODE_METHODS = ['pwd', 'otp', 'mfa'] as const;
