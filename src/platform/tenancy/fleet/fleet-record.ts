import { isLostConnection } from '../database-errors.js';
import type { OwnerDatabases } from '../owner/owner-database.js';
import type { MigratedSchema } from '../owner/tenant-migration.js';
import type { FleetMember, FleetRegistry } from './fleet-registry.js';

/** How many tenants are recorded by one commit of the registry, and how long a finished one waits for others at most. */
const BATCH = 32;
const BATCH_MS = 200;

type Done = MigratedSchema & { member: FleetMember };

interface Listener {
  done: (done: Done) => void;
  /** Its database went away before it could say that all is on its disk; the next run finds out. */
  notRecorded: (member: FleetMember, error: unknown) => void;
}

/**
 * Records in the registry which tenants are done, many in one commit, and only then tells of them. What a killed run had
 * not recorded yet stands in the tenants' own ledgers, where the next run finds it, with the time.
 */
export class FleetRecord {
  private waiting: Done[] = [];
  private since = 0;

  constructor(
    private readonly fleet: FleetRegistry,
    private readonly databases: OwnerDatabases,
    private readonly tell: Listener,
  ) {}

  async add(member: FleetMember, schema: MigratedSchema): Promise<void> {
    if (this.waiting.length === 0) this.since = Date.now();
    this.waiting.push({ member, ...schema });
    if (this.waiting.length >= BATCH || Date.now() - this.since >= BATCH_MS) await this.flush();
  }

  /** Records and tells all that wait. */
  async flush(): Promise<void> {
    if (this.waiting.length === 0) return;
    const batch = this.waiting;
    this.waiting = [];
    for (const database of new Set(batch.map(({ member }) => member.database)))
      await this.record(
        database,
        batch.filter(({ member }) => member.database === database),
      );
  }

  private async record(database: string, batch: Done[]): Promise<void> {
    let fingerprint: string;
    try {
      const owner = await this.databases.at(database);
      ({ fingerprint } = await owner.blueprint());
      // The registry must not remember what a crash of the tenants' PostgreSQL could take back.
      await owner.settle();
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      for (const { member } of batch) this.tell.notRecorded(member, error);
      return;
    }
    const since = await this.fleet.recordDone(
      batch.map(({ member, at }) => ({ id: member.id, at })),
      fingerprint,
    );
    for (const done of batch) this.tell.done({ ...done, at: since.get(done.member.id) ?? done.at });
  }
}
