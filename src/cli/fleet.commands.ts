import { type Command, InvalidArgumentError } from 'commander';
import { answer, withApplication } from './command-context.js';
import type { FleetMember } from '../platform/tenancy/fleet/fleet-registry.js';
import type { FleetMigrator, FleetReport, TenantOutcome } from '../platform/tenancy/fleet/fleet-migrator.js';

interface MigrateFlags {
  concurrency?: number;
  maxFailures?: number;
  canary?: string;
  json?: boolean;
}

interface StatusFlags {
  lagging?: boolean;
  verify?: boolean;
  json?: boolean;
}

const MAX_CONCURRENCY = 8;

/** What concerns the schemas of all tenants. Both commands end with 1 when a tenant is not as it should be. */
export function addFleetCommands(tenant: Command): void {
  tenant
    .command('migrate')
    .description('brings the tables of all tenants up to date; may be broken off and run again')
    .option('--concurrency <n>', 'tenants at a time; 4 when left out', numberUpTo(MAX_CONCURRENCY))
    .option(
      '--max-failures <n>',
      'begin no further tenant after so many failures; 10 when left out',
      numberUpTo(),
    )
    .option('--canary <slug>', 'the tenant that goes first; should it fail, no other is begun')
    .option('--json')
    .action(({ json, ...options }: MigrateFlags) =>
      withFleet(async (fleet) => {
        const progress = await progressFor(json);
        const report = await fleet.migrate({ ...options, onOutcome: progress.tell });
        progress.end();
        answer(json, report, summaryOf(report));
        if (report.outcomes.some(isFailed) || report.notBegun.length > 0) process.exitCode = 1;
      }),
    );
  tenant
    .command('status')
    .description('how many tenants are behind, by the registry')
    .option('--lagging', 'those that are behind, each with the reason')
    .option('--verify', 'read every schema first, and compare it with what the migrations make')
    .option('--json')
    .action(({ lagging, verify, json }: StatusFlags) =>
      withFleet(async (fleet) => {
        const progress = await progressFor(json);
        if (verify) await fleet.verify(progress.tell);
        progress.end();
        const behind = await fleet.lagging();
        const count = `${behind.length} tenants are behind`;
        answer(
          json,
          { lagging: behind.map(statusOf) },
          lagging ? [...behind.map(statusLine), count] : [count],
        );
        if (behind.length > 0 && (lagging || verify)) process.exitCode = 1;
      }),
    );
}

async function withFleet(work: (fleet: FleetMigrator) => Promise<void>): Promise<void> {
  const { FleetMigrator } = await import('../platform/tenancy/fleet/fleet-migrator.js');
  await withApplication((app) => work(app.get(FleetMigrator)));
}

/** Tells each tenant's outcome: failures always, by name; the rest as a bar on a terminal, as lines elsewhere. */
async function progressFor(isJson: boolean | undefined): Promise<{
  tell: (outcome: TenantOutcome, total: number) => void;
  end: () => void;
}> {
  const isTerminal = process.stderr.isTTY && !isJson;
  const { SingleBar, Presets } = await import('cli-progress');
  const bar = new SingleBar(
    {
      format: '{bar} {value}/{total} tenants, {failed} failed, {eta_formatted} left',
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  let failed = 0;
  const failures: string[] = [];
  const tell = (outcome: TenantOutcome, total: number): void => {
    if (isFailed(outcome)) failed++;
    if (isTerminal) {
      if (!bar.isActive) bar.start(total, 0, { failed });
      bar.increment(1, { failed });
      // Written in the middle of the bar they would tear it.
      if (isFailed(outcome)) failures.push(lineOf(outcome));
    } else if (isFailed(outcome)) process.stderr.write(`${lineOf(outcome)}\n`);
    else if (!isJson) process.stdout.write(`${lineOf(outcome)}\n`);
  };
  const end = (): void => {
    bar.stop();
    for (const line of failures) process.stderr.write(`${line}\n`);
  };
  return { tell, end };
}

function numberUpTo(most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most)
      throw new InvalidArgumentError(
        most === MAX_CONCURRENCY ? `Must be 1 to ${most}.` : 'Must be at least 1.',
      );
    return value;
  };
}

const isFailed = ({ status }: TenantOutcome): boolean => status === 'failed';

function lineOf({ slug, status, at, migrations, reason }: TenantOutcome): string {
  const what = reason ?? (migrations.length > 0 ? migrations.join(', ') : 'verified');
  return `${at.toISOString()} ${status.padEnd(6)} ${slug}: ${what}`;
}

function summaryOf({ planned, outcomes, notBegun, version }: FleetReport): string[] {
  if (planned === 0) return [`Every tenant is at ${version}.`];
  const failed = outcomes.filter(isFailed).length;
  const rest = notBegun.length > 0 ? `, ${notBegun.length} not begun after so many failures` : '';
  return [`${outcomes.length - failed} of ${planned} tenants are at ${version}, ${failed} failed${rest}.`];
}

function statusOf({ slug, schemaVersion, fingerprint, migratedAt, migrationError }: FleetMember) {
  return { slug, schemaVersion, fingerprint, migratedAt, migrationError };
}

function statusLine({ slug, schemaVersion, migratedAt, migrationError }: FleetMember): string {
  const since = migratedAt ? ` since ${migratedAt.toISOString()}` : '';
  return `${slug.padEnd(24)} ${schemaVersion}${since}${migrationError === null ? '' : `; ${migrationError}`}`;
}
