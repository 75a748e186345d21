import { CreateRegistry1790000000000 } from './1790000000000-create-registry.js';
import { AddFleet1790000001000 } from './1790000001000-add-fleet.js';
import { TenantPolicyAndSuspension1790000002000 } from './1790000002000-tenant-policy-and-suspension.js';
import { PlatformSessionFacts1790000010000 } from './1790000010000-session-facts.js';
import { PlaceTenants1790000020000 } from './1790000020000-place-tenants.js';
import { PlatformKeysAndImpersonation1790000040000 } from './1790000040000-keys-and-impersonation.js';
import { PlatformSecondFactors1790000050000 } from './1790000050000-second-factors.js';
import { LoginAttempts1790000060000 } from './1790000060000-login-attempts.js';
import { PlatformAccountTokens1790000061000 } from './1790000061000-account-tokens.js';
import { PlatformAuditLog1790000070000 } from './1790000070000-audit-log.js';
import { PlatformIdempotencyKeys1790000090000 } from './1790000090000-idempotency-keys.js';
import { TenantKeys1790000150000 } from './1790000150000-tenant-keys.js';
import { DeletionCertificates1790000151000 } from './1790000151000-deletion-certificates.js';

/** The registry's migrations, oldest first. */
export const registryMigrations = [
  CreateRegistry1790000000000,
  AddFleet1790000001000,
  TenantPolicyAndSuspension1790000002000,
  PlatformSessionFacts1790000010000,
  PlaceTenants1790000020000,
  PlatformKeysAndImpersonation1790000040000,
  PlatformSecondFactors1790000050000,
  LoginAttempts1790000060000,
  PlatformAccountTokens1790000061000,
  PlatformAuditLog1790000070000,
  PlatformIdempotencyKeys1790000090000,
  TenantKeys1790000150000,
  DeletionCertificates1790000151000,
];
