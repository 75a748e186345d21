/** lock_not_available, deadlock_detected, serialization_failure. */
const LOCK_ERRORS = new Set(['55P03', '40P01', '40001']);

/** Whether somebody else was in the way just then, so that the same may work a moment later. TypeORM wraps such errors. */
export function isLockError(error: unknown): boolean {
  const { code, driverError } = (error ?? {}) as { code?: unknown; driverError?: { code?: unknown } };
  return LOCK_ERRORS.has(String(code ?? driverError?.code));
}
