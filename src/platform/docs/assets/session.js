import { makePasskey, usePasskey } from './passkeys.js';
import { call } from './problem.js';

/** Seconds before its end at which a token is replaced; longer than a slow request takes. */
const REFRESH_AHEAD_SECONDS = 30;

export const forgotPassword = (tenant, email) =>
  call('/v1/auth/password/forgot', { body: { ...(tenant && { tenant }), email } });
export const resetPassword = (token, password) =>
  call('/v1/auth/password/reset', { body: { token, password } });
export const confirmEmail = (token) => call('/v1/auth/email/confirm', { body: { token } });

/**
 * The signed-in session of this page. Tokens live in these private fields and nowhere else: a reload ends it.
 * `onChange(token, me)` is told of each new token, and of the end with undefined.
 */
export class Session {
  #access;
  #refresh;
  #expiresAt = 0;
  #timer;
  #refreshing;
  #onChange;
  me;

  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** Resolves to what is missing when a second factor is needed, else to undefined. */
  async signIn(tenant, email, password) {
    const body = { ...(tenant && { tenant }), email, password };
    return this.#proceed(await call('/v1/auth/login', { body }));
  }

  async signInByPasskey(tenant) {
    const realm = { ...(tenant && { tenant }) };
    const credential = await usePasskey(await call('/v1/auth/login/passkey/options', { body: realm }));
    await this.#begin(await call('/v1/auth/login/passkey', { body: { ...realm, credential } }));
  }

  async secondFactor(mfaToken, method, code) {
    await this.#begin(await call('/v1/auth/mfa', { body: { mfaToken, method, code } }));
  }

  async secondFactorByPasskey(mfaToken) {
    const credential = await usePasskey(await call('/v1/auth/mfa/passkey/options', { body: { mfaToken } }));
    const body = { mfaToken, method: 'passkey', credential };
    await this.#begin(await call('/v1/auth/mfa', { body }));
  }

  /** As `signIn`. */
  async acceptInvitation(token, password) {
    return this.#proceed(await call('/v1/invitations/accept', { body: { token, password } }));
  }

  /** Begins to enrol an authenticator app: of this session, or of a sign-in that needs one first; so do those below. */
  async offerApp(mfaToken) {
    return this.#enrol(mfaToken, 'mfa/totp', 'totp', {});
  }

  /** Resolves to the recovery codes. */
  async confirmApp(mfaToken, code) {
    return this.#enrolled(
      mfaToken,
      await this.#enrol(mfaToken, 'mfa/totp/confirm', 'totp/confirm', { code }),
    );
  }

  /** Resolves to the recovery codes; none when there are some already. */
  async addPasskey(mfaToken) {
    const options = await this.#enrol(mfaToken, 'passkeys/options', 'passkey/options', {});
    const credential = await makePasskey(options);
    return this.#enrolled(mfaToken, await this.#enrol(mfaToken, 'passkeys', 'passkey', { credential }));
  }

  async signOut() {
    const token = this.#access;
    this.#end();
    if (token) await call('/v1/auth/logout', { token });
  }

  /** The access token as it is. */
  get current() {
    return this.#access;
  }

  /** The access token, replaced first if it is about to end; undefined when nobody is signed in. */
  async freshToken() {
    const isEnding = Date.now() > this.#expiresAt - (REFRESH_AHEAD_SECONDS * 1000) / 2;
    if (this.#refresh && isEnding) await this.#renew().catch(() => undefined);
    return this.#access;
  }

  async #proceed(answer) {
    if (answer?.mfaRequired) return answer;
    await this.#begin(answer);
    return undefined;
  }

  async #enrol(mfaToken, ofSession, ofSignIn, fields) {
    if (mfaToken) return call(`/v1/auth/mfa/enrolment/${ofSignIn}`, { body: { mfaToken, ...fields } });
    const body = Object.keys(fields).length > 0 ? fields : undefined;
    return call(`/v1/auth/${ofSession}`, { body, token: await this.freshToken() });
  }

  async #enrolled(mfaToken, answer) {
    if (mfaToken) await this.#begin(answer);
    return answer.recoveryCodes;
  }

  async #begin(pair) {
    this.#keep(pair);
    try {
      this.me = await call('/v1/me', { method: 'GET', token: this.#access });
    } catch (error) {
      this.#end();
      throw error;
    }
    this.#onChange(this.#access, this.me);
  }

  #keep({ accessToken, refreshToken, expiresIn }) {
    this.#access = accessToken;
    this.#refresh = refreshToken;
    this.#expiresAt = Date.now() + expiresIn * 1000;
    clearTimeout(this.#timer);
    const wait = Math.max(expiresIn - REFRESH_AHEAD_SECONDS, expiresIn / 2);
    this.#timer = setTimeout(() => this.#renew().catch(() => undefined), wait * 1000);
  }

  /** A refresh token used twice ends the session, so that overlapping callers share one renewal. */
  #renew() {
    this.#refreshing ??= this.#renewOnce().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #renewOnce() {
    const refreshToken = this.#refresh;
    try {
      const pair = await call('/v1/auth/refresh', { body: { refreshToken } });
      if (this.#refresh !== refreshToken) return; // signed out meanwhile
      this.#keep(pair);
      this.#onChange(this.#access, this.me);
    } catch (error) {
      if (this.#refresh === refreshToken) this.#end('Your session has ended. Please sign in again.');
      throw error;
    }
  }

  #end(reason) {
    clearTimeout(this.#timer);
    this.#access = this.#refresh = this.me = undefined;
    this.#expiresAt = 0;
    this.#onChange(undefined, undefined, reason);
  }
}
