import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError, type QueryConfig, type QueryResult } from 'pg';
import { UnavailableError } from '../../../kernel/errors.js';
import { StaleStatementError } from './named-statements.js';
import { assertTenantStatement } from './statement-guard.js';
import { addressSchema } from '../tenant-schema.js';

/**
 * insufficient_privilege, undefined_table, invalid_schema_name: schema and role disagreed, or somebody probed;
 * connection_failure: the schema is on another node of a Citus cluster by now.
 */
const VIOLATIONS = new Set(['42501', '42P01', '3F000', '08006']);

/** A cancel that reaches the server between two statements hits nothing, so it is repeated. */
const CANCEL_AGAIN_AFTER_MS = 100;
const CANCEL_AT_MOST = 20;

/** What a connection that was leased can do for its holder. */
export interface Lease {
  send(statement: QueryConfig): Promise<QueryResult>;
  /** Cancels in PostgreSQL what runs on the connection. */
  cancel(): Promise<void>;
}

/**
 * A leased connection as tenant code sees it: the only way to send a statement with a tenant's role. Puts the schema
 * in the place of the placeholder, refuses all but data statements, and always uses the extended protocol, in which
 * one message can hold one statement only. After `close()` it sends nothing, whoever kept it.
 */
export class TenantConnection extends EventEmitter {
  /** True once PostgreSQL refused a statement in a way that a wrong binding, an attack or a stale plan explains. */
  mustNotBeReused = false;
  private isClosed = false;
  private isAborted: boolean;
  private running = 0;

  constructor(
    private readonly lease: Lease,
    private readonly schemaName: string,
    private readonly signal?: AbortSignal,
  ) {
    super();
    this.isAborted = signal?.aborted ?? false;
    signal?.addEventListener('abort', this.abort);
  }

  async query(sql: string, values: unknown[] = []): Promise<QueryResult> {
    if (this.isClosed) throw new Error('the connection was given back');
    if (this.isAborted) throw new UnavailableError();
    assertTenantStatement(sql);
    const config: QueryConfig & { queryMode: 'extended' } = {
      text: addressSchema(sql, this.schemaName),
      values,
      queryMode: 'extended',
    };
    this.running++;
    try {
      return await this.lease.send(config);
    } catch (error) {
      if (error instanceof DatabaseError && VIOLATIONS.has(error.code ?? '')) this.mustNotBeReused = true;
      // Other plans of this connection are as old.
      if (error instanceof StaleStatementError) this.mustNotBeReused = true;
      throw error;
    } finally {
      this.running--;
    }
  }

  close(): void {
    this.isClosed = true;
    this.signal?.removeEventListener('abort', this.abort);
  }

  /** Nobody waits for the answer any more. The connection ends with it, so that a late cancel finds nobody else. */
  private readonly abort = (): void => {
    this.isAborted = true;
    this.mustNotBeReused = true;
    void this.cancelRunning();
  };

  private async cancelRunning(): Promise<void> {
    for (let times = 0; this.running > 0 && times < CANCEL_AT_MOST; times++) {
      await this.lease.cancel();
      await sleep(CANCEL_AGAIN_AFTER_MS);
    }
  }
}
