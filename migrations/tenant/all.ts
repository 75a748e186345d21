import { CreateTenantTables1790000000000 } from './1790000000000-create-tenant-tables.js';
import { TenantSessionFacts1790000010000 } from './1790000010000-session-facts.js';
import { TenantSecondFactors1790000050000 } from './1790000050000-second-factors.js';
import { TenantIdempotencyKeys1790000090000 } from './1790000090000-idempotency-keys.js';

/** The migrations of every tenant's schema, oldest first. */
export const tenantMigrations = [
  CreateTenantTables1790000000000,
  TenantSessionFacts1790000010000,
  TenantSecondFactors1790000050000,
  TenantIdempotencyKeys1790000090000,
];
