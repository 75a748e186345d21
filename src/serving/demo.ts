import { createHash } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { AgentsService } from '../features/agents/agents.service.js';
import { v7 as uuidv7 } from 'uuid';
import { FileStorage } from '../features/files/file-storage.js';
import { FilesService } from '../features/files/files.service.js';
import { VendorsService } from '../features/vendors/vendors.service.js';
import { Actor } from '../kernel/actor.js';
import type { TenantRole } from '../kernel/permissions.js';
import { UserAccessService } from '../platform/auth/accounts/user-access.service.js';
import { bindingOf, TenantDirectory } from '../platform/tenancy/registry/tenant-directory.js';
import { TenantContext } from '../platform/tenancy/tenant-context.js';
import type { Tenant } from '../platform/tenancy/registry/tenant.entity.js';
import { TenantsService } from '../platform/tenants/tenants.service.js';
import { UsersService } from '../platform/users/users.service.js';
import { DEMO_TENANT, DEMO_VENDORS, type DemoVendor } from './demo-data.js';

const addressOf = (role: TenantRole): string => `${role.replace('_', '-')}@demo.example`;
const INVITED: readonly TenantRole[] = ['tenant_admin', 'vendor', 'viewer', 'auditor'];

/** The link of one person of the sample tenant. */
export interface DemoLink {
  role: TenantRole;
  email: string;
  token: string;
  expiresAt: Date;
}

/** Makes the tenant `demo` with sample data unless it is there, and returns a new link for a person of each role. */
export async function plantDemo(app: INestApplicationContext): Promise<DemoLink[]> {
  if (!(await app.get(TenantDirectory).bySlug(DEMO_TENANT.slug))) await makeTenant(app);
  const access = app.get(UserAccessService);
  const links: DemoLink[] = [];
  for (const role of INVITED) {
    const email = addressOf(role);
    links.push({ role, email, ...(await access.link(DEMO_TENANT.slug, email)) });
  }
  return links;
}

async function makeTenant(app: INestApplicationContext): Promise<void> {
  const admin = { email: addressOf('tenant_admin'), name: 'Ada Lindqvist' };
  const made = await app.get(TenantsService).create({ ...DEMO_TENANT, admin });
  try {
    await fill(app, made.tenant, made.admin.user.id);
  } catch (error) {
    // Half a demo would be taken for the whole one by the next start.
    await app.get(TenantsService).discard(made.tenant);
    throw error;
  }
}

async function fill(app: INestApplicationContext, tenant: Tenant, adminId: string): Promise<void> {
  const actor = new Actor({
    kind: 'user',
    id: adminId,
    sessionId: '',
    tenantId: tenant.id,
    vendorId: null,
    roles: ['tenant_admin'],
  });
  await app.get(TenantContext).runAs(actor, bindingOf(tenant), async () => {
    const vendorIds: string[] = [];
    for (const sample of DEMO_VENDORS) vendorIds.push(await addVendor(app, sample));
    const users = app.get(UsersService);
    const vendorId = vendorIds[0] ?? null;
    await users.create({ email: addressOf('vendor'), name: 'Maren Petersen', roles: ['vendor'], vendorId });
    await users.create({ email: addressOf('viewer'), name: 'Vik Sharma', roles: ['viewer'] });
    await users.create({ email: addressOf('auditor'), name: 'Odile Garnier', roles: ['auditor'] });
  });
}

async function addVendor(
  app: INestApplicationContext,
  { vendor, agents, files }: DemoVendor,
): Promise<string> {
  const { id } = await app.get(VendorsService).create(vendor);
  for (const agent of agents) await app.get(AgentsService).create({ ...agent, vendorId: id });
  for (const { name, label, content } of files) {
    const bytes = Buffer.from(content);
    const { tenantId } = app.get(TenantContext).binding;
    const incoming = await app.get(FileStorage).receive({ tenantId, fileId: uuidv7() });
    await incoming.write(bytes);
    await incoming.end();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const mediaType = name.endsWith('.csv') ? 'text/csv' : 'text/plain';
    await app.get(FilesService).attachToVendor(id, { name, mediaType, sha256, incoming }, label);
  }
  return id;
}
