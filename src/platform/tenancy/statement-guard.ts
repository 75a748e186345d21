/**
 * The first words a statement of a tenant may have. SET ROLE, RESET, DO, PREPARE, COPY, all DDL and leading comments
 * are refused here before PostgreSQL sees them; the privileges of the role refuse them again.
 */
const ALLOWED_START =
  /^(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|VALUES|BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET TRANSACTION ISOLATION LEVEL)\b/i;

/** A statement that tenant code may not send; a fault of the program or an attack, never of the caller. */
export class RefusedStatementError extends Error {
  constructor() {
    super('this kind of statement is not allowed on a tenant connection');
    this.name = 'RefusedStatementError';
  }
}

/** Throws RefusedStatementError unless the statement begins with an allowed word. */
export function assertTenantStatement(sql: string): void {
  if (!ALLOWED_START.test(sql.trimStart())) throw new RefusedStatementError();
}
