import { DomainError, InvalidError } from '../kernel/errors.js';
import { ConfigError } from '../platform/config/config.js';
import { DatabaseInUseError } from '../platform/database/data-folder-lock.js';
import { DatabaseSetupError } from '../platform/tenancy/owner/database-setup-error.js';

/** What went wrong, in the words meant for people; undefined for a fault of the program. */
function toldAs(error: unknown): string | undefined {
  if (error instanceof InvalidError)
    return error.faults.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('\n');
  if (error instanceof DomainError) return error.detail;
  const isTold =
    error instanceof ConfigError ||
    error instanceof DatabaseInUseError ||
    error instanceof DatabaseSetupError;
  return isTold ? error.message : undefined;
}

/** Ends the process with 1, after one clear line for each known fault and a stack for an unknown one. */
export function fail(error: unknown): never {
  const stack = error instanceof Error ? error.stack : undefined;
  process.stderr.write(`${toldAs(error) ?? stack ?? String(error)}\n`);
  process.exit(1);
}
