import type { Command } from 'commander';
import type { DatabaseEntry, Placement } from '../platform/tenancy/placement/placement.js';
import { answer, withApplication } from './command-context.js';

interface Json {
  json?: boolean;
}

/** The databases over which the tenants spread. Which there are is said by TENANT_DATABASES. */
export function addDatabaseCommands(program: Command): void {
  const database = program.command('database').description('the databases on which tenants live');
  database
    .command('list')
    .description('every database with its number of tenants, the emptiest first')
    .option('--json')
    .action(({ json }: Json) =>
      withPlacement(async (placement) => {
        const entries = await placement.entries();
        answer(json, entries, entries.map(line));
      }),
    );
  for (const [verb, accepts, description] of [
    ['close', false, 'takes no new tenants from now on; those on it stay'],
    ['open', true, 'takes new tenants again'],
  ] as const) {
    database
      .command(`${verb} <name>`)
      .description(description)
      .action((name: string) => withPlacement((placement) => placement.setAccepting(name, accepts)));
  }
}

async function withPlacement(work: (placement: Placement) => Promise<void>): Promise<void> {
  const { Placement } = await import('../platform/tenancy/placement/placement.js');
  await withApplication((app) => work(app.get(Placement)));
}

const line = ({ name, tenants, acceptsTenants }: DatabaseEntry): string =>
  `${name.padEnd(30)} ${String(tenants).padStart(6)} tenants${acceptsTenants ? '' : ', closed to new ones'}`;
