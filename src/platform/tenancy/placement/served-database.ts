import type { Config } from '../../config/config.js';
import type { ServerLogins } from '../binding/server-logins.js';
import type { SessionLimits } from '../binding/session-settings.js';
import type { TenantConnections } from '../binding/tenant-pool.js';
import type { OwnerDatabase } from '../owner/owner-database.js';
import type { OwnerOptions } from '../owner/owner-options.js';

/** A database, as its owner and as the tenants on it. */
export interface ServedDatabase {
  owner: OwnerDatabase;
  tenants: TenantConnections & {
    /** Names of those that do not answer just now, where there are several. */
    away?(): Promise<string[]>;
    end(): Promise<void>;
  };
}

/** What all databases have in common. */
export interface ServingOptions {
  config: Config;
  limits: SessionLimits;
  common: Pick<OwnerOptions, 'masterKey' | 'registryMigrations' | 'tenantMigrations'>;
  poolFor: (logins: ServerLogins, size: number) => ServedDatabase['tenants'];
  /** Told of each database, or node, beside the registry's that is open: where it says what changes there. */
  onOpen: (name: string, logins: ServerLogins) => void;
}

/** How long a database that was away is left alone before it is tried again. */
export const REOPEN_AFTER_MS = 3000;
const PING_TIMEOUT_MS = 1000;

/** How many of the process's connections each of so many databases gets; what cannot be divided goes to the first. */
export const shareOfPool = (size: number, databases: number, index: number): number =>
  Math.floor(size / databases) + (index === 0 ? size % databases : 0);

/** Those of the names whose database does not answer in a second. */
export async function awayOf(
  names: Iterable<string>,
  at: (name: string) => Promise<OwnerDatabase>,
): Promise<string[]> {
  const answers = await Promise.all(
    [...names].map(async (name) => ((await isThere(at(name))) ? [] : [name])),
  );
  return answers.flat();
}

async function isThere(database: Promise<OwnerDatabase>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PING_TIMEOUT_MS);
  });
  const answer = database
    .then((owner) => owner.query('SELECT 1'))
    .then(
      () => true,
      () => false,
    );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
