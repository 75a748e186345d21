import { ROLE_GRANTS } from '../../src/kernel/permissions.js';
import type { RouteEntry } from '../../src/platform/access/route-table.js';

const isForPrograms = (grant: string): boolean => !/^((api|signing)_keys|agent_credentials):/.test(grant);
/** All that a program of the tenant's own can hold. */
const OF_PROGRAMS = ROLE_GRANTS.tenant_admin.filter(isForPrograms);

/** The kinds of callers; a new kind is one more line. */
export const CALLERS = {
  anonymous: null,
  operator: { tenant: 'platform', vendor: null, grants: ROLE_GRANTS.operator },
  tenant_admin: { tenant: 'ours', vendor: null, grants: ROLE_GRANTS.tenant_admin },
  vendor: { tenant: 'ours', vendor: 'first', grants: ROLE_GRANTS.vendor },
  viewer: { tenant: 'ours', vendor: null, grants: ROLE_GRANTS.viewer },
  auditor: { tenant: 'ours', vendor: null, grants: ROLE_GRANTS.auditor },
  custom: {
    tenant: 'ours',
    vendor: 'first',
    grants: [
      'vendors:read:any',
      'vendors:update:own',
      'agents:read:own',
      'agents:create:own',
      'agents:delete:any',
      'files:read:own',
      'users:read:own',
      'users:update:own',
      'roles:read:any',
    ],
  },
  other_vendor: { tenant: 'ours', vendor: 'second', grants: ROLE_GRANTS.vendor },
  tenant_key: { tenant: 'ours', vendor: null, grants: OF_PROGRAMS, isProgram: true },
  vendor_key: {
    tenant: 'ours',
    vendor: 'first',
    grants: [
      'vendors:read:own',
      'agents:read:own',
      'agents:create:own',
      'files:read:own',
      'files:create:own',
    ],
    isProgram: true,
  },
  agent: {
    tenant: 'ours',
    vendor: 'first',
    grants: ROLE_GRANTS.vendor.filter(isForPrograms),
    isProgram: true,
  },
  other_tenant: { tenant: 'theirs', vendor: null, grants: ROLE_GRANTS.tenant_admin },
  suspended: { tenant: 'suspended', vendor: null, grants: ROLE_GRANTS.tenant_admin },
} as const satisfies Record<
  string,
  { tenant: string; vendor: string | null; grants: readonly string[]; isProgram?: boolean } | null
>;
export type CallerKind = keyof typeof CALLERS;
export const CALLER_KINDS = Object.keys(CALLERS) as CallerKind[];

/** Where a thing is: of which tenant, of which vendor. */
export const PLACES = {
  first: { tenant: 'ours', vendor: 'first' },
  second: { tenant: 'ours', vendor: 'second' },
  theirs: { tenant: 'theirs', vendor: 'their vendor' },
  missing: undefined,
} as const;
export type Place = keyof typeof PLACES;
export const ALL_PLACES = Object.keys(PLACES) as Place[];

/** What the place of a thing means for the caller. */
export function covers(caller: CallerKind, permission: string, place: Place): boolean {
  const [who, where] = [CALLERS[caller], PLACES[place]];
  if (!who || where?.tenant !== who.tenant) return false;
  const grants: readonly string[] = who.grants;
  return (
    grants.includes(`${permission}:any`) ||
    (grants.includes(`${permission}:own`) && where.vendor === who.vendor)
  );
}

/** Whether the caller holds all that a user with the role `vendor` holds there, and so may take that user's place. */
export const coversVendorUser = (caller: CallerKind, place: Place): boolean =>
  ROLE_GRANTS.vendor.every((grant) => covers(caller, grant.slice(0, grant.lastIndexOf(':')), place));

/**
 * The status that the declarations alone demand. `reached` is that of a caller who may: the route's own, or what the
 * fixture's input earns.
 */
export function expectedStatus(
  { access, needsStepUp }: RouteEntry,
  caller: CallerKind,
  place: Place | undefined,
  reached: number,
): number {
  if (access?.rule === 'public') return reached;
  const who = CALLERS[caller];
  if (!who) return 401;
  if (who.tenant === 'suspended') return 403;
  const isForPeople = needsStepUp || (access?.rule === 'authenticated' && !access.programs);
  if (isForPeople && 'isProgram' in who) return 403;
  if (access?.rule !== 'permission') return place === undefined || place === 'first' ? reached : 404;
  const { permission } = access;
  const grants: readonly string[] = who.grants;
  const holdsAny = grants.includes(`${permission}:any`);
  if (!holdsAny && !(who.vendor !== null && grants.includes(`${permission}:own`))) return 403;
  if (place === undefined) return reached;
  // Tenants belong to nobody: each that exists is within an operator's reach.
  if (who.tenant === 'platform') return place === 'missing' ? 404 : reached;
  return covers(caller, permission, place) ? reached : 404;
}
