import type { INestApplicationContext } from '@nestjs/common';
import type { Command } from 'commander';
import { NotFoundError } from '../kernel/errors.js';
import { addFleetCommands } from './fleet.commands.js';
import { answer, withApplication } from './command-context.js';
import { addPortabilityCommands } from './portability.commands.js';
import type { Tenant } from '../platform/tenancy/registry/tenant.entity.js';
import type { TenantsService } from '../platform/tenants/tenants.service.js';

interface Json {
  json?: boolean;
}

interface NewTenant {
  name: string;
  admin: string;
  database?: string;
}

export function addTenantCommands(program: Command): void {
  const tenant = program.command('tenant').description('the organisations');
  tenant
    .command('list')
    .description('every tenant with its state')
    .option('--json')
    .action(({ json }: Json) =>
      withTenants(async (tenants) => {
        const found: Tenant[] = [];
        let cursor: string | undefined;
        do {
          const page = await tenants.list({ limit: 100, sort: 'createdAt', ...(cursor && { cursor }) });
          found.push(...page.data);
          cursor = page.nextCursor ?? undefined;
        } while (cursor);
        answer(json, found.map(summary), found.map(line));
      }),
    );
  tenant
    .command('create <slug>')
    .description('makes a tenant and invites its first administrator')
    .requiredOption('--name <name>')
    .requiredOption('--admin <address>')
    .option('--database <name>', 'where it shall live; the one with the fewest tenants when left out')
    .option('--json')
    .action((slug: string, { name, admin, database, json }: Json & NewTenant) =>
      withTenants(async (tenants) => {
        const { answerLink } = await import('./operator.commands.js');
        const made = await tenants.create({
          slug,
          name,
          admin: { email: admin },
          ...(database && { database }),
        });
        if (made.admin.invitation) await answerLink(json, made.admin.invitation);
      }),
    );
  tenant
    .command('suspend <slug>')
    .description("shuts the tenant's callers out")
    .option('--read-only', 'lets them sign in and read')
    .option('--reason <text>', 'for operators')
    .option('--json')
    .action((slug: string, { readOnly, reason, json }: Json & { readOnly?: boolean; reason?: string }) =>
      withTenants(async (tenants, app) => {
        const how = { mode: readOnly ? 'read_only' : 'blocked', ...(reason && { reason }) } as const;
        const changed = await tenants.suspend(await idOf(app, slug), how);
        answer(json, summary(changed), [line(changed)]);
      }),
    );
  tenant
    .command('resume <slug>')
    .description('lets them in again, or write again')
    .option('--json')
    .action((slug: string, { json }: Json) =>
      withTenants(async (tenants, app) => {
        const changed = await tenants.resume(await idOf(app, slug));
        answer(json, summary(changed), [line(changed)]);
      }),
    );
  tenant
    .command('delete <slug>')
    .description('destroys the tenant and all its data')
    .requiredOption('--confirm <slug>', "the tenant's slug once more")
    .action((slug: string, { confirm }: { confirm: string }) =>
      withTenants(async (tenants, app) => tenants.remove(await idOf(app, slug), confirm, undefined)),
    );
  tenant
    .command('certificate <slug>')
    .description('the signed certificate that the tenant was deleted; `ringfence audit key` verifies it')
    .option('--json')
    .action((slug: string, { json }: Json) =>
      withApplication(async (app) => {
        const { DeletionCertificates } = await import('../platform/audit/erasure/deletion-certificates.js');
        const certificate = await app.get(DeletionCertificates, { strict: false }).find(slug);
        if (certificate === undefined) throw new NotFoundError();
        answer(json, { certificate }, [certificate]);
      }),
    );
  tenant
    .command('move <slug>')
    .description('moves the tenant to another database; it is suspended meanwhile')
    .requiredOption('--to <database>', 'its own to clear away what a crash has left')
    .option('--json')
    .action((slug: string, { to, json }: Json & { to: string }) =>
      withTenants(async (tenants, app) => {
        const { TenantMove } = await import('../platform/tenancy/placement/tenant-move.js');
        const moved = await app.get(TenantMove).move(await tenants.get(await idOf(app, slug)), to);
        answer(json, summary(moved), [`${line(moved)} (on ${moved.database})`]);
      }),
    );
  addFleetCommands(tenant);
  addPortabilityCommands(tenant);
}

async function withTenants(
  work: (tenants: TenantsService, app: INestApplicationContext) => Promise<void>,
): Promise<void> {
  const { TenantsService } = await import('../platform/tenants/tenants.service.js');
  await withApplication((app) => work(app.get(TenantsService), app));
}

async function idOf(app: INestApplicationContext, slug: string): Promise<string> {
  const { TenantDirectory } = await import('../platform/tenancy/registry/tenant-directory.js');
  const tenant = await app.get(TenantDirectory).bySlug(slug);
  if (!tenant) throw new NotFoundError();
  return tenant.id;
}

const summary = ({ id, slug, name, status, database, createdAt }: Tenant) => ({
  id,
  slug,
  name,
  status,
  database,
  createdAt,
});
const line = ({ slug, status, name }: Tenant): string => `${slug.padEnd(24)} ${status.padEnd(12)} ${name}`;
