import type { ClientBase } from 'pg';
import { UnavailableError } from '../../../kernel/errors.js';

/** What there is to know of a database that is not the registry's. */
export interface FurtherDatabase {
  name: string;
  /** Before anything is changed there. Throws DatabaseSetupError when it is not this installation's. */
  admit(client: ClientBase): Promise<void>;
  /** Tells the registry what a tenant's schema must be there. */
  publish(template: readonly [version: string, method: string, fingerprint: string]): Promise<void>;
}

/** Says in the registry what a tenant's schema must be. */
export const PUBLISH = `
  INSERT INTO platform.tenant_template AS t (schema_version, method, fingerprint) VALUES ($1, $2, $3)
  ON CONFLICT (schema_version, method) DO UPDATE SET fingerprint = excluded.fingerprint
  WHERE t.fingerprint <> excluded.fingerprint`;

const AWAY_RETRY_AFTER_SECONDS = 5;

/** Callers learn no names of databases; the cause does. */
export const databaseAway = (database: string, cause?: unknown): UnavailableError =>
  new UnavailableError('overloaded', 'The database is busy or away; retry later.', AWAY_RETRY_AFTER_SECONDS, {
    cause: cause ?? new Error(`the tenant database ${database} is not configured`),
  });
