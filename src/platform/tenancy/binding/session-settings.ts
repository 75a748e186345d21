/** What a session of one of the server's logins may take, in milliseconds. */
export interface SessionLimits {
  statementMs: number;
  lockMs: number;
  /** A transaction that waits for its own client is the server's fault; PostgreSQL ends it. */
  idleInTransactionMs: number;
  /** Of a whole transaction; PostgreSQL knows it since version 17. */
  transactionMs?: number;
}

const FIRST_WITH_TRANSACTION_TIMEOUT = 17;

/** The settings of PostgreSQL that hold the limits, and an empty search_path, so that no bare name finds a table. */
export function sessionSettings(
  limits: SessionLimits,
  serverVersion: string,
): Record<string, string | number> {
  const hasTransactionTimeout = Number.parseInt(serverVersion, 10) >= FIRST_WITH_TRANSACTION_TIMEOUT;
  return {
    search_path: '',
    statement_timeout: limits.statementMs,
    lock_timeout: limits.lockMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
    ...(limits.transactionMs !== undefined && hasTransactionTimeout
      ? { transaction_timeout: limits.transactionMs }
      : {}),
  };
}
