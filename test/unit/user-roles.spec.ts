import { coversRoles, ROLE_GRANTS, type Grant } from '../../src/kernel/permissions.js';

describe('roles that a caller may give', () => {
  const held = (...grants: Grant[]): ReadonlySet<Grant> => new Set(grants);

  it('are those of which the caller holds every grant, in this scope or a wider one', () => {
    const admin = held(...ROLE_GRANTS.tenant_admin);
    for (const role of ['tenant_admin', 'vendor', 'viewer', 'auditor'])
      expect([role, coversRoles(admin, [role])]).toEqual([role, true]);
    expect(coversRoles(admin, ['operator'])).toBe(false);
    const userManager = held('users:create:any', 'users:read:any', 'users:update:any');
    expect(coversRoles(userManager, ['tenant_admin'])).toBe(false);
    expect(coversRoles(userManager, ['viewer'])).toBe(false);
    expect(coversRoles(held(...ROLE_GRANTS.vendor), ['viewer'])).toBe(false);
    expect(coversRoles(held(...ROLE_GRANTS.vendor), ['vendor'])).toBe(true);
  });
});
