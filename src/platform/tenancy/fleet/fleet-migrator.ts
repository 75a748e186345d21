import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError } from '../../../kernel/errors.js';
import { FleetRecord } from './fleet-record.js';
import type { FleetMember, FleetRegistry } from './fleet-registry.js';
import { isLockError } from '../owner/lock-errors.js';
import { OWNER_CONNECTIONS, type OwnerDatabases } from '../owner/owner-database.js';
import { isLostConnection } from '../database-errors.js';
import { reasonOf } from '../placement/placement.js';
import { differencesOf } from '../owner/tenant-catalog.js';
import type { MigratedSchema } from '../owner/tenant-migration.js';

export interface MigrateOptions {
  /** Tenants at a time, 1 to 8; 4 when left out. */
  concurrency?: number;
  /** After so many failures no further tenant is begun; 10 when left out. */
  maxFailures?: number;
  /** Slug of the tenant that goes first, alone; should it fail, no other is begun. */
  canary?: string;
  /** Called after each tenant, with how many there are in all. */
  onOutcome?: (outcome: TenantOutcome, total: number) => void;
}

export interface TenantOutcome {
  tenantId: string;
  slug: string;
  status: 'done' | 'failed';
  /** When the schema reached the version, or when the attempt failed. */
  at: Date;
  /** Names of the migrations that ran now; none when it was only verified. */
  migrations: string[];
  /** It failed because its database is away, which says nothing of the migration. */
  isAway?: boolean;
  /** Why it failed. */
  reason?: string;
}

export interface FleetReport {
  /** The newest migration: where every tenant should be. */
  version: string;
  /** How many tenants were behind. */
  planned: number;
  outcomes: TenantOutcome[];
  /** Slugs of those that were not begun, because too many failed. */
  notBegun: string[];
}

const DEFAULT_CONCURRENCY = 4;
const DEFAULT_MAX_FAILURES = 10;
const FIRST_WAVE_SHARE = 0.01;
/** How long to wait before each further attempt on a tenant whose tables are in use, in milliseconds. */
const BACK_OFF_MS = [250, 1000];

/**
 * Brings the schemas of many tenants up to date. Each is done in a transaction of its own, which also writes the tenant's
 * ledger; the registry is told of several at once. So a run that was killed is simply run again, and says of each
 * when it was done, whichever run that was; two runs at a time take turns at each tenant.
 */
export class FleetMigrator {
  constructor(
    private readonly fleet: FleetRegistry,
    private readonly databases: OwnerDatabases,
  ) {}

  /** The tenants that are behind, by the registry alone. */
  lagging(): Promise<FleetMember[]> {
    return this.fleet.lagging();
  }

  /**
   * Migrates all that are behind: the canary, then a hundredth, then the rest. Failures are in the report, not thrown.
   * Throws ConflictError when some are behind but the canary is not.
   */
  async migrate(options: MigrateOptions = {}): Promise<FleetReport> {
    return this.run(await this.fleet.lagging(), options);
  }

  /** For the start of a server: migrates when few are behind. Answers undefined, having done nothing, when many are. */
  async catchUp(atMost: number): Promise<FleetReport | undefined> {
    const behind = await this.fleet.lagging();
    return behind.length > atMost ? undefined : this.run(behind, {});
  }

  /** Compares every schema that should be up to date with what the migrations make, and records what it is. */
  async verify(onOutcome?: MigrateOptions['onOutcome']): Promise<void> {
    const members = await this.fleet.all();
    for (const member of members) {
      const { id: tenantId, slug } = member;
      const reason = await this.differenceOf(member).catch(reasonOf);
      const status = reason === undefined ? 'done' : 'failed';
      onOutcome?.({ tenantId, slug, status, at: new Date(), migrations: [], reason }, members.length);
    }
  }

  private async run(behind: FleetMember[], options: MigrateOptions): Promise<FleetReport> {
    const { concurrency = DEFAULT_CONCURRENCY, maxFailures = DEFAULT_MAX_FAILURES, canary } = options;
    const report: FleetReport = {
      version: this.databases.latestTenantMigration,
      planned: behind.length,
      outcomes: [],
      notBegun: [],
    };
    if (behind.length === 0) return report;
    // Migrations that fail on an empty schema are no tenant's fault: this throws before any is touched.
    await (await this.databases.at(this.databases.databases[0]!)).blueprint();
    let failures = 0;
    const tell = (outcome: TenantOutcome): void => {
      report.outcomes.push(outcome);
      options.onOutcome?.(outcome, behind.length);
    };
    const record = new FleetRecord(this.fleet, this.databases, {
      done: ({ member: { id, slug }, at, migrations }) => {
        tell({ tenantId: id, slug, status: 'done', at, migrations });
      },
      notRecorded: ({ id, slug }, error) => {
        tell(failureOf(id, slug, error));
      },
    });
    const migrateOne = async (member: FleetMember): Promise<void> => {
      const failed = await this.attempt(member, record);
      if (!failed) return;
      if (!failed.isAway) failures++;
      tell(failed);
    };
    let isStopped = false;
    for (const wave of wavesOf(behind, canary)) {
      const waiting = [...wave];
      const work = async (): Promise<void> => {
        while (!isStopped && waiting.length > 0) {
          await migrateOne(waiting.shift()!);
          isStopped ||= failures >= maxFailures;
        }
      };
      await Promise.all(Array.from({ length: Math.min(concurrency, OWNER_CONNECTIONS) }, work));
      await record.flush();
      if (canary !== undefined && wave[0]?.slug === canary) isStopped ||= failures > 0;
      report.notBegun.push(...waiting.map(({ slug }) => slug));
    }
    return report;
  }

  /** In words, in what a tenant's schema is not as it should be; undefined when it is. Records what it is. */
  private async differenceOf(member: FleetMember): Promise<string | undefined> {
    const { id, schemaName, database, fingerprint } = member;
    const owner = await this.databases.at(database);
    const actual = await owner.catalogOf(schemaName);
    if (actual.fingerprint !== fingerprint) await this.fleet.recordFingerprint(id, actual.fingerprint);
    return differencesOf(actual, await owner.blueprint());
  }

  /** Answers the failure; nothing when the tenant is done, which is left to the record. */
  private async attempt(member: FleetMember, record: FleetRecord): Promise<TenantOutcome | undefined> {
    const { id: tenantId, slug, schemaName, schemaVersion, database } = member;
    let migrated: MigratedSchema;
    try {
      const owner = await this.databases.at(database);
      migrated = await this.persistently(() => owner.migrateTenant(schemaName, schemaVersion));
    } catch (error) {
      const failed = failureOf(tenantId, slug, error);
      await this.fleet.recordFailure(tenantId, failed.reason);
      return failed;
    }
    await record.add(member, migrated);
    return undefined;
  }

  private async persistently<T>(work: () => Promise<T>): Promise<T> {
    for (const pause of BACK_OFF_MS) {
      try {
        return await work();
      } catch (error) {
        if (!isLockError(error)) throw error;
        await sleep(pause);
      }
    }
    return work();
  }
}

const failureOf = (tenantId: string, slug: string, error: unknown): TenantOutcome & { reason: string } => ({
  tenantId,
  slug,
  status: 'failed',
  at: new Date(),
  migrations: [],
  reason: reasonOf(error),
  ...(isLostConnection(error) && { isAway: true }),
});

function wavesOf(behind: FleetMember[], canary: string | undefined): FleetMember[][] {
  const first = behind.filter(({ slug }) => slug === canary);
  if (canary !== undefined && first.length === 0)
    throw new ConflictError(`${canary} is not behind, so it cannot go first.`);
  const others = behind.filter(({ slug }) => slug !== canary);
  const share = Math.ceil(others.length * FIRST_WAVE_SHARE);
  return [first, others.slice(0, share), others.slice(share)].filter((wave) => wave.length > 0);
}
