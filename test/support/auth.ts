import { CompactSign } from 'jose';
import type { SigningKey } from '../../src/platform/auth/tokens/signing-key.entity.js';
import { SigningKeys } from '../../src/platform/auth/tokens/signing-keys.js';
import { send, type Answer } from './client.js';
import { asOwner, sharedDatabase } from './database.js';
import { unique, type TenantWorld } from './world.js';

export const PASSWORD = 'correct horse battery';
export const NEXT_PASSWORD = 'an even longer phrase';
/** The same address in each tenant, so that a test sees whether realms are kept apart. */
export const EMAIL = 'ada@acme.example';

export interface Pair {
  accessToken: string;
  tokenType: string;
  expiresIn: number;
  refreshToken: string;
  refreshExpiresIn: number;
}

export interface Credentials {
  tenant?: string;
  email: string;
  password: string;
}

type PairAnswer = Answer & { body: Pair };

/** Ada as a further administrator of the tenant, with the password unless `extra` says otherwise. */
export async function addAda(tenant: TenantWorld, extra: object = {}): Promise<Credentials & { id: string }> {
  const credentials = { email: EMAIL, password: PASSWORD };
  const user = { ...credentials, name: 'Ada', roles: ['tenant_admin'], ...extra };
  const { id } = await tenant.admin.create('/v1/users', user);
  return { id, tenant: tenant.slug, ...credentials };
}

/** Ada as an administrator who has not chosen a password yet. */
export async function inviteAda(tenant: TenantWorld): Promise<{ id: string; token: string }> {
  const user = { email: EMAIL, name: 'Ada', roles: ['tenant_admin'] };
  const made = await tenant.admin.create('/v1/users', user);
  return { id: made.id, token: (made.invitation as { token: string }).token };
}

/** At the shared server, or at the one named. */
export const login = async (
  { tenant, email, password }: Credentials,
  { url = '' } = {},
): Promise<PairAnswer> =>
  (await send('POST', `${url}/v1/auth/login`, { body: { tenant, email, password } })) as PairAnswer;

export async function signIn(credentials: Credentials): Promise<Pair> {
  const { status, body } = await login(credentials);
  expect(status).toBe(200);
  return body;
}

export const refresh = async (refreshToken: string): Promise<PairAnswer> =>
  (await send('POST', '/v1/auth/refresh', { body: { refreshToken } })) as PairAnswer;

export const me = (token?: string): Promise<Answer> => send('GET', '/v1/me', { token });

export const accept = async (token: string, password: string, { url = '' } = {}): Promise<PairAnswer> =>
  (await send('POST', `${url}/v1/invitations/accept`, { body: { token, password } })) as PairAnswer;

/** What a refusal says, without what is different in each answer. */
export const refusalOf = ({ status, body }: Answer): object => ({
  ...(body as object),
  status,
  requestId: undefined,
  instance: undefined,
});

export const decode = (part: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>;
export const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signs whatever claims and header with the shared server's own key, as a thief of the database and the master key. */
export async function openForge(): Promise<(claims: object, header?: object) => Promise<string>> {
  const rows = await asOwner<SigningKey>(
    `SELECT kid, public_jwk AS "publicJwk", private_jwe AS "privateJwe", created_at AS "createdAt",
            signs_from AS "signsFrom", retired_at AS "retiredAt" FROM platform.signing_key`,
  );
  const { masterKey } = await sharedDatabase();
  const { current } = await SigningKeys.load({ findAll: () => Promise.resolve(rows) }, masterKey);
  return (claims, header = {}) =>
    new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: current.kid, ...header })
      .sign(current.privateKey);
}

/** An address that no other test uses. */
export const uniqueEmail = (): string => `${unique('person')}@ringfence.test`;
