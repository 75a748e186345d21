import type { Permission, Scope } from './permissions.js';

/** What a permission is, in words for those who make roles of it. */
export interface PermissionFacts {
  description: string;
  /** The scopes in which it means something. */
  scopes: readonly Scope[];
  /** Who can hold it: the operators of the installation, or a tenant's roles. */
  realm: 'platform' | 'tenant';
}

const ofPlatform = (description: string): PermissionFacts => ({
  description,
  scopes: ['any'],
  realm: 'platform',
});
const ofTenant = (description: string): PermissionFacts => ({
  description,
  scopes: ['any'],
  realm: 'tenant',
});
/** `own` confines it to what belongs to the holder's vendor. */
const ofVendor = (description: string): PermissionFacts => ({
  description,
  scopes: ['any', 'own'],
  realm: 'tenant',
});

/** Every permission there is. One that is missing here does not compile. */
export const PERMISSION_FACTS: Readonly<Record<Permission, PermissionFacts>> = {
  'tenants:create': ofPlatform('Make tenants'),
  'tenants:read': ofPlatform('See tenants and what they use, but none of their data'),
  'tenants:update': ofPlatform('Change, suspend and resume tenants'),
  'tenants:delete': ofPlatform('Destroy tenants with all their data'),
  'tenants:export': ofPlatform('Export all data of a tenant'),
  'tenants:impersonate': ofPlatform('Act as a user of a tenant that has consented'),
  'users:create': ofVendor('Make users, with roles that grant no more than one holds'),
  'users:read': ofVendor('See users'),
  'users:update': ofVendor('Change users, within the rights that one holds'),
  'users:delete': ofVendor('Remove users'),
  'roles:create': ofTenant('Make roles of the permissions that one holds'),
  'roles:read': ofTenant('See the roles and the catalogue of permissions'),
  'roles:update': ofTenant('Change roles within the permissions that one holds'),
  'roles:delete': ofTenant('Remove roles that nobody has'),
  'access:explain': ofTenant('Ask what others may do, and why'),
  'vendors:create': ofTenant('Make vendors'),
  'vendors:read': ofVendor('See vendors'),
  'vendors:update': ofVendor('Change vendors'),
  'vendors:delete': ofVendor('Remove vendors, with their agents and files'),
  'agents:create': ofVendor('Make agents'),
  'agents:read': ofVendor('See agents'),
  'agents:update': ofVendor('Change agents'),
  'agents:delete': ofVendor('Remove agents, with their files'),
  'files:create': ofVendor('Attach files to vendors and agents'),
  'files:read': ofVendor('See and download files'),
  'files:delete': ofVendor('Remove files'),
  'personal_data:read': ofVendor('See e-mail addresses, numbers and the like unmasked'),
  'usage:read': ofTenant('See the limits of the tenant and what it uses'),
  'support_access:read': ofTenant('See whether operators may act as users'),
  'support_access:update': ofTenant('Let operators act as users, and take that back'),
  'api_keys:create': ofVendor('Make API keys, within the rights that one holds'),
  'api_keys:read': ofVendor('See API keys, but not their secrets'),
  'api_keys:update': ofVendor('Give API keys new secrets'),
  'api_keys:delete': ofVendor('Revoke API keys'),
  'signing_keys:create': ofVendor('Make keys with which programs sign their requests'),
  'signing_keys:read': ofVendor('See signing keys, but no secrets'),
  'signing_keys:delete': ofVendor('Remove signing keys'),
  'agent_credentials:create': ofVendor('Give software agents credentials, within the rights that one holds'),
  'agent_credentials:read': ofVendor('See the credentials of agents'),
  'agent_credentials:delete': ofVendor('Revoke the credentials of agents'),
  'security_policy:read': ofTenant(
    'See whether second factors are asked for, and how long passwords must be',
  ),
  'security_policy:update': ofTenant(
    'Say whether second factors are required, and how long passwords must be',
  ),
  'audit_events:read': ofTenant('Read, prove and export the audit log'),
};

/** Held by people alone: no program makes credentials, so what was made by a stolen one ends with it. */
const OF_PEOPLE: ReadonlySet<string> = new Set(['api_keys', 'signing_keys', 'agent_credentials']);

/** Whether programs can hold the permission too. */
export const isForPrograms = (permission: Permission): boolean =>
  PERMISSION_FACTS[permission].realm === 'tenant' && !OF_PEOPLE.has(permission.split(':')[0]!);
