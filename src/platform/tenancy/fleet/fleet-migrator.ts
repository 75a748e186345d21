import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError } from '../../../kernel/errors.js';
import type { FleetMember, FleetRegistry } from './fleet-registry.js';
import { OWNER_CONNECTIONS, type OwnerDatabases } from '../owner/owner-database.js';
import { isLostConnection } from '../database-errors.js';
import { reasonOf } from '../placement/placement.js';
import { differencesOf } from '../owner/tenant-catalog.js';

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
/** lock_not_available, deadlock_detected, serialization_failure. */
const PASSING = new Set(['55P03', '40P01', '40001']);

/**
 * Brings the schemas of many tenants up to date. Each is done in a transaction of its own and recorded at once, so a
 * run that was killed is simply run again; two runs at a time take turns at each tenant.
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
    const migrateOne = async (member: FleetMember): Promise<void> => {
      const outcome = await this.attempt(member);
      if (outcome.status === 'failed' && !outcome.isAway) failures++;
      report.outcomes.push(outcome);
      options.onOutcome?.(outcome, behind.length);
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
      if (canary !== undefined && wave[0]?.slug === canary) isStopped ||= failures > 0;
      report.notBegun.push(...waiting.map(({ slug }) => slug));
    }
    return report;
  }

  /** In words, in what a tenant's schema is not as it should be; undefined when it is. Records what it is. */
  private async differenceOf({
    id,
    schemaName,
    database,
    fingerprint,
  }: FleetMember): Promise<string | undefined> {
    const owner = await this.databases.at(database);
    const actual = await owner.catalogOf(schemaName);
    if (actual.fingerprint !== fingerprint) await this.fleet.recordFingerprint(id, actual.fingerprint);
    return differencesOf(actual, await owner.blueprint());
  }

  private async attempt(member: FleetMember): Promise<TenantOutcome> {
    const { id: tenantId, slug } = member;
    try {
      const owner = await this.databases.at(member.database);
      const migrations = await this.persistently(() => owner.migrateTenant(member.schemaName));
      const { fingerprint } = await owner.blueprint();
      const at = await this.fleet.recordDone(tenantId, fingerprint);
      return { tenantId, slug, status: 'done', at, migrations };
    } catch (error) {
      const reason = reasonOf(error);
      await this.fleet.recordFailure(tenantId, reason);
      const isAway = isLostConnection(error);
      return { tenantId, slug, status: 'failed', at: new Date(), migrations: [], reason, isAway };
    }
  }

  private async persistently<T>(work: () => Promise<T>): Promise<T> {
    for (const pause of BACK_OFF_MS) {
      try {
        return await work();
      } catch (error) {
        if (!isPassing(error)) throw error;
        await sleep(pause);
      }
    }
    return work();
  }
}

function wavesOf(behind: FleetMember[], canary: string | undefined): FleetMember[][] {
  const first = behind.filter(({ slug }) => slug === canary);
  if (canary !== undefined && first.length === 0)
    throw new ConflictError(`${canary} is not behind, so it cannot go first.`);
  const others = behind.filter(({ slug }) => slug !== canary);
  const share = Math.ceil(others.length * FIRST_WAVE_SHARE);
  return [first, others.slice(0, share), others.slice(share)].filter((wave) => wave.length > 0);
}

/** TypeORM wraps what PostgreSQL said. */
function isPassing(error: unknown): boolean {
  const { code, driverError } = (error ?? {}) as { code?: unknown; driverError?: { code?: unknown } };
  return PASSING.has(String(code ?? driverError?.code));
}
