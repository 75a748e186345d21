import { ConflictError, DomainError, UnavailableError } from '../../kernel/errors.js';
import { tenantReadOnly } from './registry/tenant-directory.js';

/** SQLSTATE classes and codes that mean "not now": connection lost, resources, operator intervention, locks. */
const PASSING = /^(08...|53...|57P0.|57014|55P03|40001|40P01|25P0[34])$/;
const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
/** SQLSTATE read_only_sql_transaction. */
const READ_ONLY_TRANSACTION = '25006';
const LOST_CONNECTION = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT']);
/** The last two: a connection that ended between two statements of one transaction. */
const LOST_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed and is not queryable|Query runner already released/;
const RETRY_AFTER_SECONDS = 2;

/** What a failure of the database means to the caller; undefined when it is a fault of the server. */
export function translateDatabaseError(error: unknown): DomainError | undefined {
  const { code, message, driverError } = (error ?? {}) as {
    code?: unknown;
    message?: unknown;
    driverError?: unknown;
  };
  if (driverError !== undefined && driverError !== error) return translateDatabaseError(driverError);
  if (error instanceof DomainError) return error;
  if (code === UNIQUE_VIOLATION) return new ConflictError('Another resource has this value already.');
  if (code === READ_ONLY_TRANSACTION) return tenantReadOnly();
  const isPassing =
    (typeof code === 'string' && (PASSING.test(code) || LOST_CONNECTION.has(code))) ||
    (typeof message === 'string' && LOST_MESSAGES.test(message));
  if (!isPassing) return undefined;
  return new UnavailableError(
    'overloaded',
    'The database is busy or away; retry later.',
    RETRY_AFTER_SECONDS,
  );
}

/** Whether a database could not be reached, or could not any more. */
export function isLostConnection(error: unknown): boolean {
  if (error instanceof UnavailableError) return true;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return (
    (typeof code === 'string' && (/^(08...|57P0[123])$/.test(code) || LOST_CONNECTION.has(code))) ||
    (typeof message === 'string' && LOST_MESSAGES.test(message))
  );
}

/** Whether another row has the value already. */
export const isUniqueViolation = (error: unknown): boolean => sqlStateOf(error) === UNIQUE_VIOLATION;

/** Whether what the row refers to is not there, or not any more. */
export const isForeignKeyViolation = (error: unknown): boolean => sqlStateOf(error) === FOREIGN_KEY_VIOLATION;

const sqlStateOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;
