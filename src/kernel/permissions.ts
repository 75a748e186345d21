/**
 * The permission catalogue and the built-in roles: the one matrix of who may do what.
 * A permission is `<resource>:<action>`; a grant adds a scope: `any`, or `own` (the caller's vendor's only).
 */
export const PERMISSIONS = [
  'tenants:create',
  'tenants:read',
  'tenants:update',
  'tenants:delete',
  'tenants:export',
  'tenants:impersonate',
  'users:create',
  'users:read',
  'users:update',
  'users:delete',
  'roles:create',
  'roles:read',
  'roles:update',
  'roles:delete',
  'access:explain',
  'vendors:create',
  'vendors:read',
  'vendors:update',
  'vendors:delete',
  'agents:create',
  'agents:read',
  'agents:update',
  'agents:delete',
  'files:create',
  'files:read',
  'files:delete',
  'personal_data:read',
  'usage:read',
  'support_access:read',
  'support_access:update',
  'api_keys:create',
  'api_keys:read',
  'api_keys:update',
  'api_keys:delete',
  'signing_keys:create',
  'signing_keys:read',
  'signing_keys:delete',
  'agent_credentials:create',
  'agent_credentials:read',
  'agent_credentials:delete',
  'security_policy:read',
  'security_policy:update',
  'audit_events:read',
] as const;

export type Permission = (typeof PERMISSIONS)[number];
export type Scope = 'any' | 'own';
export type Grant = `${Permission}:${Scope}`;

/** `operator` exists in the registry alone, the others in tenants alone. */
export type Role = 'operator' | TenantRole;
export const TENANT_ROLES = ['tenant_admin', 'vendor', 'viewer', 'auditor'] as const;
export type TenantRole = (typeof TENANT_ROLES)[number];

const onTenantData = PERMISSIONS.filter((permission) => !permission.startsWith('tenants:'));

export const ROLE_GRANTS: Readonly<Record<Role, readonly Grant[]>> = {
  operator: [
    'tenants:create:any',
    'tenants:read:any',
    'tenants:update:any',
    'tenants:delete:any',
    'tenants:export:any',
    'tenants:impersonate:any',
    'audit_events:read:any',
  ],
  tenant_admin: onTenantData.map((permission): Grant => `${permission}:any`),
  vendor: [
    'vendors:read:own',
    'vendors:update:own',
    'agents:create:own',
    'agents:read:own',
    'agents:update:own',
    'agents:delete:own',
    'files:create:own',
    'files:read:own',
    'files:delete:own',
    'personal_data:read:own',
    'api_keys:create:own',
    'api_keys:read:own',
    'api_keys:update:own',
    'api_keys:delete:own',
    'signing_keys:create:own',
    'signing_keys:read:own',
    'signing_keys:delete:own',
    'agent_credentials:create:own',
    'agent_credentials:read:own',
    'agent_credentials:delete:own',
  ],
  viewer: ['users:read:any', 'vendors:read:any', 'agents:read:any', 'files:read:any'],
  auditor: ['audit_events:read:any'],
};
