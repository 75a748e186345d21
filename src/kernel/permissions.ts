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
  'users:create',
  'users:read',
  'users:update',
  'users:delete',
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
  ],
  viewer: ['users:read:any', 'vendors:read:any', 'agents:read:any', 'files:read:any'],
  auditor: [],
};

/** All that these roles grant together; roles unknown to this version grant nothing. */
export function grantsOf(roles: readonly string[]): ReadonlySet<Grant> {
  return new Set(roles.flatMap((role) => (role in ROLE_GRANTS ? ROLE_GRANTS[role as Role] : [])));
}

/** Whether who holds these grants holds all that the roles grant: nobody can give, or rule over, more than they have. */
export function coversRoles(held: ReadonlySet<Grant>, roles: readonly string[]): boolean {
  return [...grantsOf(roles)].every(
    (grant) => held.has(grant) || held.has(grant.replace(/:own$/, ':any') as Grant),
  );
}
