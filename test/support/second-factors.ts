import { Secret, TOTP } from 'otpauth';
import { addAda, login, type Credentials } from './auth.js';
import { Client, send, type Answer } from './client.js';
import { asOwner } from './database.js';
import { world, type TenantWorld } from './world.js';

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

/** The attempts on record of the account, most first; a lock in seconds. */
export const attemptsOf = (accountId: string): Promise<{ failures: number; seconds: number | null }[]> =>
  asOwner(
    `SELECT failures, extract(epoch FROM locked_until - now())::float8 AS seconds
       FROM platform.login_counter WHERE account_id = $1 AND failures > 0 ORDER BY 1 DESC, 2 DESC NULLS LAST`,
    [accountId],
  );

/** As if the account had failed so often in a row, and the lock that came of it had passed. */
export async function setAttempts(accountId: string, failures: number): Promise<void> {
  await asOwner(
    'UPDATE platform.login_counter SET failures = $2, locked_until = NULL WHERE account_id = $1',
    [accountId, failures],
  );
}

/** A sign-in that lacks its second factor. */
export interface Pending {
  mfaRequired: true;
  mfaToken: string;
  methods: string[];
  enrolmentRequired: boolean;
}

/** Signs in with the password; what is missing then. */
export const pend = async (credentials: Credentials, server?: { url: string }): Promise<Pending> =>
  (await login(credentials, server)).body as unknown as Pending;

export const finish = (body: object): Promise<Answer> => send('POST', '/v1/auth/mfa', { body });

export const isSession = ({ status, body }: Answer): boolean =>
  status === 200 && typeof (body as { accessToken?: unknown }).accessToken === 'string';

export interface AppOwner {
  tenant: TenantWorld;
  credentials: Credentials & { id: string };
  client: Client;
  secret: string;
  recoveryCodes: string[];
}

/** Somebody of a tenant of their own, with an authenticator app. */
export async function appOwner(): Promise<AppOwner> {
  const tenant = await world.tenant();
  const credentials = await addAda(tenant);
  const client = await Client.signIn(credentials);
  return { tenant, credentials, client, ...(await enrolTotp(client, tenant.id)) };
}
