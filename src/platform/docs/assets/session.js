/** Seconds before its end at which a token is replaced; longer than a slow request takes. */
const REFRESH_AHEAD_SECONDS = 30;

/** A refusal by the API, in the words of its problem response. */
export class Problem extends Error {}

async function call(path, { method = 'POST', body, token } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'omit',
      cache: 'no-store',
      headers: {
        Accept: 'application/json, application/problem+json',
        ...(body && { 'Content-Type': 'application/json' }),
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Problem('The server cannot be reached.');
  }
  const answer = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const faults = (answer?.errors ?? []).map(({ detail }) => detail);
  const wait = response.status === 429 && response.headers.get('Retry-After');
  const words = [answer?.detail ?? `The server answered ${response.status}.`, ...faults];
  throw new Problem([...words, ...(wait ? [`Wait ${wait} seconds.`] : [])].join(' '));
}

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

  /** Resolves to the second factor's token and methods when one is needed, else to undefined. */
  async signIn(tenant, email, password) {
    const answer = await call('/v1/auth/login', { body: { ...(tenant && { tenant }), email, password } });
    if (answer?.mfaRequired) return answer;
    await this.#begin(answer);
    return undefined;
  }

  async secondFactor(mfaToken, method, code) {
    await this.#begin(await call('/v1/auth/mfa', { body: { mfaToken, method, code } }));
  }

  async acceptInvitation(token, password) {
    await this.#begin(await call('/v1/invitations/accept', { body: { token, password } }));
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
