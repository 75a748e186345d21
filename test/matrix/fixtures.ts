import { generateKeyPairSync } from 'node:crypto';
import { jwkOf } from '../support/agents.js';
import { form } from '../support/stored-files.js';
import { unique } from '../support/world.js';

export type Thing =
  | 'vendor'
  | 'agent'
  | 'file'
  | 'user'
  | 'role'
  | 'tenant'
  | 'session'
  | 'api_key'
  | 'signing_key'
  | 'agent_credential';

/** With what a route is called. */
export interface Fixture {
  /** What the parameter of the path names; of which one is made anew wherever a change is expected. */
  thing?: Thing;
  /** A right body for a caller of this vendor, which has that software agent. */
  body?: (vendorId: string, agentId: string) => unknown;
  query?: (slug: string) => string;
  /** The status of a caller who may, when the input is left wrong on purpose. */
  reached?: number;
  /** The call ends the caller's session, so it is made with one of its own. */
  ownSession?: boolean;
  /** Who calls gets into the user's place, or could: whoever holds less than a vendor's user is refused. */
  takesOver?: boolean;
  /** The list's answer names things: each must be one that the caller may see. */
  lists?: Thing;
}

const upload = (): FormData => form('text', 'note.txt', 'text/plain');
const patch = (): unknown => ({ status: 'pending' });
/** Input that no route takes: whoever may call is told of it, and nothing is changed. */
const WRONG = { body: () => ({ nothing: true }), reached: 422 };
const WRONG_FORM = { body: () => new URLSearchParams({ nothing: 'true' }), reached: 422 };

/** One line for each route. A route without one makes the matrix fail: add it here, and read the new rows of docs/access-matrix.md. */
export const FIXTURES: Readonly<Record<string, Fixture>> = {
  'GET /.well-known/jwks.json': {},
  'GET /health/live': {},
  'GET /health/ready': {},
  'POST /v1/access/explain': WRONG,
  'GET /v1/agent-credentials': { lists: 'agent_credential' },
  'POST /v1/agent-credentials': {
    body: (_, agentId) => ({
      ...{ agentId, name: unique('Credential'), permissions: ['agents:read:own'] },
      publicKey: jwkOf(generateKeyPairSync('ed25519').publicKey),
    }),
  },
  'DELETE /v1/agent-credentials/:id': { thing: 'agent_credential' },
  'GET /v1/agent-credentials/:id': { thing: 'agent_credential' },
  'GET /v1/agents': { lists: 'agent' },
  'POST /v1/agents': { body: (vendorId) => ({ vendorId, name: unique('Agent'), kind: 'human' }) },
  'DELETE /v1/agents/:id': { thing: 'agent' },
  'GET /v1/agents/:id': { thing: 'agent' },
  'PATCH /v1/agents/:id': { thing: 'agent', body: patch },
  'GET /v1/agents/:id/files': { thing: 'agent' },
  'POST /v1/agents/:id/files': { thing: 'agent', body: upload },
  'GET /v1/api-keys': { lists: 'api_key' },
  'POST /v1/api-keys': {
    body: (vendorId) => ({ vendorId, name: unique('Key'), permissions: ['agents:read:own'] }),
  },
  'DELETE /v1/api-keys/:id': { thing: 'api_key' },
  'GET /v1/api-keys/:id': { thing: 'api_key' },
  'POST /v1/api-keys/:id/rotate': { thing: 'api_key', body: () => ({}) },
  'GET /v1/audit-events': {},
  'GET /v1/audit-events/stream': {},
  'GET /v1/audit-events/verify': {},
  'POST /v1/auth/email': WRONG,
  'POST /v1/auth/email/confirm': WRONG,
  'POST /v1/auth/login': WRONG,
  'POST /v1/auth/login/passkey': WRONG,
  'POST /v1/auth/login/passkey/options': WRONG,
  'POST /v1/auth/logout': { ownSession: true },
  'GET /v1/auth/mfa': {},
  'POST /v1/auth/mfa': WRONG,
  'POST /v1/auth/mfa/enrolment/passkey': WRONG,
  'POST /v1/auth/mfa/enrolment/passkey/options': WRONG,
  'POST /v1/auth/mfa/enrolment/totp': WRONG,
  'POST /v1/auth/mfa/enrolment/totp/confirm': WRONG,
  'POST /v1/auth/mfa/passkey/options': WRONG,
  'POST /v1/auth/mfa/recovery-codes': { reached: 409 },
  'DELETE /v1/auth/mfa/totp': { reached: 404 },
  'POST /v1/auth/mfa/totp': {},
  'POST /v1/auth/mfa/totp/confirm': WRONG,
  'GET /v1/auth/passkeys': {},
  'POST /v1/auth/passkeys': WRONG,
  'DELETE /v1/auth/passkeys/:id': { reached: 404 },
  'POST /v1/auth/passkeys/options': {},
  'PUT /v1/auth/password': WRONG,
  'POST /v1/auth/password/forgot': WRONG,
  'POST /v1/auth/password/reset': WRONG,
  'POST /v1/auth/refresh': WRONG,
  'POST /v1/auth/token': WRONG_FORM,
  'GET /v1/auth/sessions': {},
  'POST /v1/auth/step-up': WRONG,
  'POST /v1/auth/step-up/passkey/options': {},
  'DELETE /v1/auth/sessions/:id': { thing: 'session', ownSession: true },
  'DELETE /v1/files/:id': { thing: 'file' },
  'GET /v1/files/:id': { thing: 'file' },
  'GET /v1/files/:id/content': { thing: 'file' },
  'POST /v1/invitations/accept': WRONG,
  'GET /v1/me': {},
  'GET /v1/permissions': {},
  'GET /v1/roles': {},
  'POST /v1/roles': { body: () => ({ name: `r_${unique('x').slice(2)}`, permissions: ['agents:read:own'] }) },
  'DELETE /v1/roles/:name': { thing: 'role' },
  'GET /v1/roles/:name': { thing: 'role' },
  'PATCH /v1/roles/:name': { thing: 'role', body: () => ({ description: 'Changed' }) },
  'GET /v1/signing-keys': { lists: 'signing_key' },
  'POST /v1/signing-keys': {
    body: (vendorId) => ({ vendorId, name: unique('Key'), algorithm: 'hmac-sha256' }),
  },
  'DELETE /v1/signing-keys/:id': { thing: 'signing_key' },
  'GET /v1/signing-keys/:id': { thing: 'signing_key' },
  'GET /v1/security-policy': {},
  'PATCH /v1/security-policy': WRONG,
  'DELETE /v1/support-access': {},
  'GET /v1/support-access': {},
  'PUT /v1/support-access': WRONG,
  'GET /v1/tenants': {},
  'POST /v1/tenants': WRONG,
  'DELETE /v1/tenants/:id': { thing: 'tenant', query: (slug) => `?confirm=${slug}` },
  'GET /v1/tenants/:id': { thing: 'tenant' },
  'PATCH /v1/tenants/:id': { thing: 'tenant', body: () => ({ name: 'Changed' }) },
  'POST /v1/tenants/:id/export': { thing: 'tenant' },
  'POST /v1/tenants/:id/impersonation': { thing: 'tenant', ...WRONG },
  'POST /v1/tenants/:id/resume': { thing: 'tenant' },
  'POST /v1/tenants/:id/suspend': { thing: 'tenant' },
  'GET /v1/tenants/:id/usage': { thing: 'tenant' },
  'GET /v1/usage': {},
  'GET /v1/users': { lists: 'user' },
  'POST /v1/users': {
    body: (vendorId) => ({
      email: `${unique('u')}@ringfence.test`,
      name: 'New',
      roles: ['viewer'],
      vendorId,
    }),
  },
  'DELETE /v1/users/:id': { thing: 'user' },
  'GET /v1/users/:id': { thing: 'user' },
  'PATCH /v1/users/:id': { thing: 'user', body: () => ({ name: 'Changed' }) },
  'DELETE /v1/users/:id/factors': { thing: 'user', takesOver: true },
  'DELETE /v1/users/:id/sessions': { thing: 'user', takesOver: true },
  'POST /v1/users/:id/invitation': { thing: 'user', takesOver: true },
  'POST /v1/users/:id/unlock': { thing: 'user', takesOver: true },
  'GET /v1/vendors': { lists: 'vendor' },
  'POST /v1/vendors': { body: () => ({ name: unique('Vendor'), contactEmail: 'new@ringfence.test' }) },
  'DELETE /v1/vendors/:id': { thing: 'vendor' },
  'GET /v1/vendors/:id': { thing: 'vendor' },
  'PATCH /v1/vendors/:id': { thing: 'vendor', body: patch },
  'GET /v1/vendors/:id/files': { thing: 'vendor' },
  'POST /v1/vendors/:id/files': { thing: 'vendor', body: upload },
};
