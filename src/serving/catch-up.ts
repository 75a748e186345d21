import { type INestApplicationContext, Logger } from '@nestjs/common';
import { FleetMigrator } from '../platform/tenancy/fleet/fleet-migrator.js';

/** So many tenants are migrated within some seconds; nobody waits longer for a server to start. */
const AT_MOST = 50;

/**
 * Migrates the tenants that are behind, when they are few. Many are left to `ringfence tenant migrate`, and failures
 * to the operator: the server serves tenants that are one version behind.
 */
export async function catchUpFleet(app: INestApplicationContext): Promise<void> {
  const logger = new Logger('Fleet');
  const report = await app.get(FleetMigrator).catchUp(AT_MOST);
  if (!report) {
    logger.warn(`more than ${AT_MOST} tenants are behind; run: ringfence tenant migrate`);
    return;
  }
  for (const { slug, status, reason } of report.outcomes) {
    if (status === 'done') logger.log(`migrated the tenant ${slug} to ${report.version}`);
    else logger.error(`could not migrate the tenant ${slug}: ${reason}`);
  }
}
