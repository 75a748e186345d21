import { v7 as uuidv7 } from 'uuid';

export type Caller = 'anyone' | 'admin' | 'operator';
export interface Form {
  method: 'POST' | 'PATCH';
  path: string;
  caller: Caller;
  /** A right body, but for what is unique. */
  body: Record<string, unknown>;
  text: string[];
  words?: string[];
}

export const PASSWORD = 'a passphrase that is long enough';
const VENDOR = {
  body: { name: 'Vendor', contactEmail: 'vendor@ringfence.test', status: 'active', tags: ['one'] },
  text: ['name', 'legalName', 'contactEmail', 'contactPhone', 'taxId', 'website', 'status'],
  words: ['tags'],
};
const AGENT = {
  body: { name: 'Agent', kind: 'human', status: 'active', capabilities: ['one'] },
  text: ['name', 'kind', 'email', 'phone', 'status', 'validUntil'],
  words: ['capabilities'],
};
const USER = { body: { name: 'User', roles: ['viewer'] }, text: ['name', 'vendorId'], words: ['roles'] };
const ID = uuidv7();

/** Every route that takes a body; PATCH routes get the id of a thing that is there. */
export const FORMS: readonly Form[] = [
  {
    method: 'POST',
    path: '/v1/auth/login',
    caller: 'anyone',
    body: { tenant: 'nobody', email: 'a@ringfence.test', password: PASSWORD },
    text: ['tenant', 'email', 'password'],
  },
  {
    method: 'POST',
    path: '/v1/auth/mfa',
    caller: 'anyone',
    body: { mfaToken: 'none', method: 'totp', code: '123456' },
    text: ['mfaToken', 'method', 'code'],
  },
  {
    method: 'POST',
    path: '/v1/auth/login/passkey/options',
    caller: 'anyone',
    body: { tenant: 'nobody' },
    text: ['tenant'],
  },
  {
    method: 'PATCH',
    path: '/v1/security-policy',
    caller: 'admin',
    body: { mfa: 'optional' },
    text: ['mfa'],
  },
  {
    method: 'POST',
    path: '/v1/auth/password/forgot',
    caller: 'anyone',
    body: { tenant: 'nobody', email: 'a@ringfence.test' },
    text: ['tenant', 'email'],
  },
  {
    method: 'POST',
    path: '/v1/auth/password/reset',
    caller: 'anyone',
    body: { token: 'pr_0', password: PASSWORD },
    text: ['token', 'password'],
  },
  {
    method: 'POST',
    path: '/v1/auth/email/confirm',
    caller: 'anyone',
    body: { token: 'ec_0' },
    text: ['token'],
  },
  {
    method: 'POST',
    path: '/v1/auth/email',
    caller: 'admin',
    body: { newEmail: 'a@ringfence.test', currentPassword: PASSWORD },
    text: ['newEmail'],
  },
  {
    method: 'POST',
    path: '/v1/tenants',
    caller: 'operator',
    body: { slug: 'never-made', name: 'Never', admin: { email: 'admin@ringfence.test', password: PASSWORD } },
    text: ['slug', 'name'],
  },
  {
    method: 'PATCH',
    path: '/v1/tenants/{tenant}',
    caller: 'operator',
    body: { name: 'Never' },
    text: ['name'],
  },
  { method: 'POST', path: '/v1/vendors', caller: 'admin', ...VENDOR },
  { method: 'PATCH', path: '/v1/vendors/{vendor}', caller: 'admin', ...VENDOR },
  {
    ...AGENT,
    method: 'POST',
    path: '/v1/agents',
    caller: 'admin',
    body: { ...AGENT.body, vendorId: ID },
    text: [...AGENT.text, 'vendorId'],
  },
  { method: 'PATCH', path: '/v1/agents/{agent}', caller: 'admin', ...AGENT },
  {
    ...USER,
    method: 'POST',
    path: '/v1/users',
    caller: 'admin',
    body: { ...USER.body, email: 'user@ringfence.test', password: PASSWORD },
    text: [...USER.text, 'email', 'password'],
  },
  { ...USER, method: 'PATCH', path: '/v1/users/{user}', caller: 'admin', text: [...USER.text, 'status'] },
  {
    method: 'POST',
    path: '/v1/tenants/{tenant}/impersonation',
    caller: 'operator',
    body: { userId: ID, reason: 'To find out what is wrong' },
    text: ['userId', 'reason'],
  },
  {
    method: 'POST',
    path: '/v1/api-keys',
    caller: 'admin',
    body: { name: 'Key', permissions: ['vendors:read:any'], exceptFields: ['vendors.taxId'] },
    text: ['name', 'vendorId', 'expiresAt'],
    words: ['permissions', 'exceptFields'],
  },
  {
    method: 'POST',
    path: '/v1/signing-keys',
    caller: 'admin',
    body: { name: 'Key', algorithm: 'hmac-sha256' },
    text: ['name', 'algorithm', 'vendorId', 'publicKey'],
  },
  {
    method: 'POST',
    path: '/v1/agent-credentials',
    caller: 'admin',
    body: {
      ...{
        agentId: ID,
        name: 'Credential',
        permissions: ['agents:read:own'],
        exceptFields: ['agents.phone'],
      },
      publicKey: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
    },
    text: ['agentId', 'name', 'expiresAt'],
    words: ['permissions', 'exceptFields'],
  },
];
export const LISTS: readonly [path: string, caller: Caller][] = [
  ['/v1/vendors', 'admin'],
  ['/v1/agents', 'admin'],
  ['/v1/users', 'admin'],
  ['/v1/api-keys', 'admin'],
  ['/v1/signing-keys', 'admin'],
  ['/v1/agent-credentials', 'admin'],
  ['/v1/tenants', 'operator'],
  ['/v1/audit-events', 'admin'],
];
