import { CreateTenantTables1790000000000 } from './1790000000000-create-tenant-tables.js';
import { TenantSessionFacts1790000010000 } from './1790000010000-session-facts.js';
import { LedgerTimes1790000030000 } from './1790000030000-ledger-times.js';
import { TenantImpersonation1790000040000 } from './1790000040000-impersonation.js';
import { TenantSecondFactors1790000050000 } from './1790000050000-second-factors.js';
import { TenantAccountTokens1790000061000 } from './1790000061000-account-tokens.js';
import { TenantAuditLog1790000070000 } from './1790000070000-audit-log.js';
import { TenantCustomRoles1790000080000 } from './1790000080000-custom-roles.js';
import { TenantIdempotencyKeys1790000090000 } from './1790000090000-idempotency-keys.js';
import { TenantApiKeys1790000110000 } from './1790000110000-api-keys.js';
import { TenantAgentCredentials1790000115000 } from './1790000115000-agent-credentials.js';
import { TenantFileScans1790000141000 } from './1790000141000-file-scans.js';
import { TenantSealedFiles1790000140000 } from './1790000140000-sealed-files.js';

/** The migrations of every tenant's schema, oldest first. */
export const tenantMigrations = [
  CreateTenantTables1790000000000,
  TenantSessionFacts1790000010000,
  LedgerTimes1790000030000,
  TenantImpersonation1790000040000,
  TenantSecondFactors1790000050000,
  TenantAccountTokens1790000061000,
  TenantAuditLog1790000070000,
  TenantCustomRoles1790000080000,
  TenantIdempotencyKeys1790000090000,
  TenantApiKeys1790000110000,
  TenantAgentCredentials1790000115000,
  TenantSealedFiles1790000140000,
  TenantFileScans1790000141000,
];
