import type { PolicyDeviations } from '../../kernel/tenant-policy.js';

/** What the registry says of how to reach a tenant's data. */
export interface TenantBinding {
  tenantId: string;
  schemaName: string;
  loginShard: number;
  /** Name of the database that holds the schema; the registry's own when left out. */
  database?: string;
  /** Name of the newest migration that its schema has had, as far as the registry knows. */
  schemaVersion?: string;
  /** PostgreSQL refuses all writing for this caller. */
  readOnly?: boolean;
  /** Where the tenant's limits differ from the defaults. */
  policy?: PolicyDeviations;
}
