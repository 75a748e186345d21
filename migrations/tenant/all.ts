import { CreateTenantTables1790000000000 } from './1790000000000-create-tenant-tables.js';
import { TenantSessionFacts1790000010000 } from './1790000010000-session-facts.js';
import { TenantAccountTokens1790000061000 } from './1790000061000-account-tokens.js';

/** The migrations of every tenant's schema, oldest first. */
export const tenantMigrations = [
  CreateTenantTables1790000000000,
  TenantSessionFacts1790000010000,
  TenantAccountTokens1790000061000,
];
