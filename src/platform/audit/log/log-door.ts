import { Inject, Injectable } from '@nestjs/common';
import {
  afterRegistryTransaction,
  registryTransaction,
} from '../../tenancy/registry/registry-transactions.js';
import { Registry } from '../../tenancy/registry/registry.js';
import type { TenantBinding } from '../../tenancy/tenant-binding.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { PLATFORM } from './entry.js';
import { LogTables } from './log-tables.repository.js';

/** Whose log: a tenant's, or null for the platform's. */
export type Realm = TenantBinding | null;

export const logOf = (realm: Realm): string => realm?.tenantId ?? PLATFORM;

/** Tenants whose schema is older have no log yet. */
const FIRST_WITH_A_LOG = 1_790_000_070_000;

/** Whether there is one, as far as the registry knows. */
export const hasLog = (realm: Realm): boolean =>
  realm?.schemaVersion === undefined ||
  Number(/\d{13}$/.exec(realm.schemaVersion)?.[0] ?? 0) >= FIRST_WITH_A_LOG;

/** Ways to the tables of a log: inside the transaction under way, or in one of its own. */
@Injectable()
export class LogDoor {
  constructor(
    @Inject(TenantContext) private readonly context: TenantContext,
    @Inject(Registry) private readonly registry: Registry,
  ) {}

  /** Inside the transaction under way in the realm; undefined when there is none that may write. */
  joined(realm: Realm): LogTables | undefined {
    const isOther = realm !== null && this.context.boundTenant?.tenantId !== realm.tenantId;
    if (isOther || realm?.readOnly) return undefined;
    const manager = realm === null ? registryTransaction() : this.context.transactionManager;
    return manager && tablesOf(realm, manager);
  }

  /** Statement by statement, for what is one statement. A tenant that is read-only for others has its log written all the same. */
  async apart<T>(realm: Realm, work: (tables: LogTables) => Promise<T>): Promise<T> {
    if (realm === null) return work(tablesOf(null, this.registry.manager));
    return this.context.run({ ...realm, readOnly: false }, () => work(tablesOf(realm, this.context.manager)));
  }

  /** In a transaction of its own. */
  async within<T>(realm: Realm, work: (tables: LogTables) => Promise<T>): Promise<T> {
    if (realm === null) return this.registry.transaction((manager) => work(tablesOf(null, manager)));
    return this.context.run({ ...realm, readOnly: false }, () =>
      this.context.transaction(() => work(tablesOf(realm, this.context.manager))),
    );
  }

  /** Once the transaction under way in the realm has ended, in whatever way. */
  async afterwards(realm: Realm, work: () => Promise<void>): Promise<void> {
    return realm === null ? afterRegistryTransaction(work) : this.context.afterTransaction(work);
  }
}

const tablesOf = (realm: Realm, manager: LogTables['manager']): LogTables =>
  new LogTables(realm === null ? 'platform' : 'tenant', manager);
