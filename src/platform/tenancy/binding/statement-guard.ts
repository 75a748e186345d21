/**
 * The first words a statement of a tenant may have. SET ROLE, RESET, DO, PREPARE, COPY, all DDL and leading comments
 * are refused here before PostgreSQL sees them; the privileges of the role refuse them again.
 */
const DATA = /^(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|VALUES)\b/i;
/** Whole statements, since `COMMIT AND CHAIN` would open a transaction that nobody bound. */
const TRANSACTION =
  /^(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|((RELEASE|ROLLBACK TO) )?SAVEPOINT \w+|SET TRANSACTION ISOLATION LEVEL [A-Z ]+)$/i;
const OPENING = /^(BEGIN|START TRANSACTION)$/i;

/** A statement that tenant code may not send; a fault of the program or an attack, never of the caller. */
export class RefusedStatementError extends Error {
  constructor() {
    super('this kind of statement is not allowed on a tenant connection');
    this.name = 'RefusedStatementError';
  }
}

/** Throws RefusedStatementError unless the statement reads or writes data, or marks a transaction. */
export function assertTenantStatement(sql: string): void {
  const statement = sql.trimStart();
  if (!DATA.test(statement) && !TRANSACTION.test(statement)) throw new RefusedStatementError();
}

/** Whether the statement opens a transaction and does nothing else. */
export const opensTransaction = (sql: string): boolean => OPENING.test(sql.trimStart());
