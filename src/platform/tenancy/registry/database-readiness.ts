import { Inject, Injectable } from '@nestjs/common';
import { TenantDatabases } from '../placement/tenant-databases.js';
import { Registry } from './registry.js';

/** What the probe is told besides. */
type ReadinessDetails = Readonly<Record<string, number>>;

/** Whether the database answers. */
@Injectable()
export class DatabaseReadiness {
  readonly name = 'database';

  constructor(
    @Inject(Registry) private readonly registry: Registry,
    @Inject(TenantDatabases) private readonly databases: TenantDatabases,
  ) {}

  /** Ready as long as the registry is there: without a tenants' database most tenants can still be served. */
  async check(): Promise<ReadinessDetails> {
    const [away] = await Promise.all([this.databases.away(), this.registry.query('SELECT 1')]);
    return away.length === 0 ? {} : { tenantDatabasesAway: away.length };
  }
}
