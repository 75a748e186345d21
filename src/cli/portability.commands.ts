import type { Command } from 'commander';
import { NotFoundError } from '../kernel/errors.js';
import type { PortabilityService } from '../features/portability/portability.service.js';
import type { Progress } from '../features/portability/progress.js';
import type { Tenant } from '../platform/tenancy/registry/tenant.entity.js';
import { answer, withApplication } from './command-context.js';
import { progressDisplay } from './progress-display.js';

interface Json {
  json?: boolean;
}
interface NewTenant extends Json {
  slug: string;
  name?: string;
  database?: string;
}

/** Adds what moves whole tenants to the noun `tenant`. */
export function addPortabilityCommands(tenant: Command): void {
  tenant
    .command('export <slug>')
    .description('writes all data of the tenant to a zip, password hashes included: keep it safe')
    .requiredOption('--out <file>', 'must not exist yet')
    .option('--json')
    .action((slug: string, { out, json }: Json & { out: string }) =>
      withPortability(`export of ${slug}`, json, async (portability, find, progress) => {
        const { tables, files } = await portability.exportTo(await find(slug), out, progress);
        const rows = tables.reduce((sum, table) => sum + table.rows, 0);
        answer(json, { file: out, rows, files: files.length }, [
          `${out}: ${rows} rows and ${files.length} files`,
        ]);
      }),
    );
  tenant
    .command('import <file>')
    .description('makes a new tenant of an export')
    .requiredOption('--slug <slug>', "the new tenant's")
    .option('--name <name>', "the exported tenant's when left out")
    .option('--database <name>', 'where it shall live; the emptiest when left out')
    .option('--json')
    .action((file: string, facts: NewTenant) =>
      withPortability(`import of ${file}`, facts.json, async (portability, _, progress) => {
        await assertFacts(facts);
        tell(facts.json, await portability.importFrom(file, placed(facts), progress));
      }),
    );
  tenant
    .command('clone <slug>')
    .description('makes a new tenant with all data of this one')
    .requiredOption('--slug <slug>', "the new tenant's")
    .option('--name <name>', "the same as the first tenant's when left out")
    .option('--database <name>', 'where it shall live; the emptiest when left out')
    .option('--json')
    .action((slug: string, facts: NewTenant) =>
      withPortability(`clone of ${slug}`, facts.json, async (portability, find, progress) => {
        await assertFacts(facts);
        tell(facts.json, await portability.clone(await find(slug), placed(facts), progress));
      }),
    );
  tenant
    .command('restore <slug>')
    .description("puts an earlier export in the place of all the tenant's data, and ends its sessions")
    .requiredOption('--from <file>', 'an export of this very tenant')
    .option('--json')
    .action((slug: string, { from, json }: Json & { from: string }) =>
      withPortability(`restore of ${slug}`, json, async (portability, find, progress) => {
        const restored = await find(slug);
        await portability.restore(restored, from, progress);
        tell(json, restored);
      }),
    );
}

const placed = ({ slug, name, database }: NewTenant) => ({
  slug,
  ...(name !== undefined && { name }),
  database,
});

async function withPortability(
  label: string,
  isJson: boolean | undefined,
  work: (
    portability: PortabilityService,
    find: (slug: string) => Promise<Tenant>,
    progress: Progress,
  ) => Promise<void>,
): Promise<void> {
  const { PortabilityService } = await import('../features/portability/portability.service.js');
  const { TenantDirectory } = await import('../platform/tenancy/registry/tenant-directory.js');
  await withApplication(async (app) => {
    const find = async (slug: string): Promise<Tenant> => {
      const tenant = await app.get(TenantDirectory).bySlug(slug);
      if (!tenant) throw new NotFoundError();
      return tenant;
    };
    const display = progressDisplay(label, isJson);
    try {
      await work(app.get(PortabilityService), find, display);
    } finally {
      display.stop();
    }
  });
}

/** The same rules as for a tenant that is made over HTTP. */
async function assertFacts({ slug, name }: NewTenant): Promise<void> {
  const { plainToInstance } = await import('class-transformer');
  const { validateSync } = await import('class-validator');
  const { InvalidError } = await import('../kernel/errors.js');
  const { CreateTenantDto } = await import('../platform/tenants/tenants.dto.js');
  const faults = validateSync(plainToInstance(CreateTenantDto, { slug, name: name ?? slug })).filter(
    ({ property }) => property === 'slug' || property === 'name',
  );
  if (faults.length > 0)
    throw new InvalidError(
      faults.map(({ property, constraints }) => ({
        pointer: `--${property}`,
        code: 'invalid',
        detail: Object.values(constraints ?? {}).join('; '),
      })),
    );
}

function tell(isJson: boolean | undefined, { id, slug, name, status }: Tenant): void {
  answer(isJson, { id, slug, name, status }, [`${slug} (${name}) is ${status}`]);
}
