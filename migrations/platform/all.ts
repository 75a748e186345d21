import { CreateRegistry1790000000000 } from './1790000000000-create-registry.js';
import { TenantPolicyAndSuspension1790000002000 } from './1790000002000-tenant-policy-and-suspension.js';

/** The registry's migrations, oldest first. */
export const registryMigrations = [CreateRegistry1790000000000, TenantPolicyAndSuspension1790000002000];
