import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnerDatabase, OwnerDatabases } from '../owner/owner-database.js';
import { ofTenant } from '../changes/change.js';
import type { Changes } from '../changes/changes.js';
import type { Registry } from './registry.js';
import type { TenantContext } from '../tenant-context.js';
import { bindingOf, type TenantDirectory } from './tenant-directory.js';
import { abandonedShadows, markAsShadow, swapSchemas } from '../owner/schema-swap.js';
import { reasonOf } from '../placement/placement.js';
import { newSchemaName } from '../tenant-schema.js';
import { Tenant } from './tenant.entity.js';

/** lock_not_available, deadlock_detected: somebody wrote just then. */
const PASSING = new Set(['55P03', '40P01']);
const ATTEMPTS = 10;
const PAUSE_MS = 200;
/** Another node may be restoring a tenant just now; none takes this long. */
const ABANDONED_AFTER_MS = 24 * 60 * 60_000;

/** Replaces all rows of a tenant at one moment, while it and the others go on working. */
export class TenantRestoration {
  constructor(
    private readonly registry: Registry,
    private readonly databases: OwnerDatabases,
    private readonly directory: TenantDirectory,
    private readonly context: TenantContext,
    private readonly changes: Pick<Changes, 'announce'>,
  ) {}

  /**
   * `fill` runs bound to a shadow schema with empty tables, which nobody else can reach. When it is done, the shadow
   * takes the place of the tenant's schema, in one transaction, and the old tables are dropped. Should anything fail
   * before that, the tenant is as it was. What is written to the tenant from the beginning to the exchange is lost.
   */
  async replace(tenant: Tenant, fill: () => Promise<void>): Promise<void> {
    const owner = await this.databases.at(tenant.database);
    const shadow = newSchemaName();
    await owner.createSchema(shadow, tenant.loginShard);
    try {
      await owner.inTransaction((client) => markAsShadow(client, shadow));
      await this.context.run({ ...bindingOf(tenant), schemaName: shadow }, fill);
      await this.swap(owner, tenant.schemaName, shadow);
      await this.registry
        .getRepository(Tenant)
        .update({ id: tenant.id }, { schemaVersion: owner.latestTenantMigration });
      this.directory.forget(tenant);
      await this.changes.announce(this.registry.manager, ofTenant(tenant.id));
    } finally {
      // By now that name stands for what is to go: the old tables, or those that were not finished.
      await owner.dropSchema(shadow);
    }
  }

  /** Removes what restores that a crash ended left behind. For the start; what cannot be mended is told. */
  async mend(): Promise<string[]> {
    const faults: string[] = [];
    for (const database of this.databases.databases) {
      try {
        await this.mendOn(await this.databases.at(database));
      } catch (error) {
        faults.push(`cannot remove abandoned restores on ${database}: ${reasonOf(error)}`);
      }
    }
    return faults;
  }

  private async mendOn(owner: OwnerDatabase): Promise<void> {
    const since = new Date(Date.now() - ABANDONED_AFTER_MS);
    const shadows = await owner.inTransaction((client) => abandonedShadows(client, since));
    for (const shadow of shadows) {
      const isLive = await this.registry.getRepository(Tenant).existsBy({ schemaName: shadow });
      if (!isLive) await owner.dropSchema(shadow);
    }
  }

  private async swap(owner: OwnerDatabase, live: string, shadow: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await owner.inTransaction((client) => swapSchemas(client, owner.swappingRole, live, shadow));
        return;
      } catch (error) {
        const isPassing = PASSING.has((error as { code?: string }).code ?? '');
        if (!isPassing || attempt === ATTEMPTS) throw error;
        await sleep(PAUSE_MS * attempt);
      }
    }
  }
}
