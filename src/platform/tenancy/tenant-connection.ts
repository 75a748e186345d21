import { EventEmitter } from 'node:events';
import { DatabaseError, type PoolClient, type QueryConfig, type QueryResult } from 'pg';
import { assertTenantStatement } from './statement-guard.js';
import { addressSchema } from './tenant-schema.js';

/** insufficient_privilege, undefined_table, invalid_schema_name: schema and role disagreed, or somebody probed. */
const VIOLATIONS = new Set(['42501', '42P01', '3F000']);

/**
 * A leased connection as tenant code sees it: the only way to send a statement with a tenant's role. Puts the schema
 * in the place of the placeholder, refuses all but data statements, and always uses the extended protocol, in which
 * one message can hold one statement only. After `close()` it sends nothing, whoever kept it.
 */
export class TenantConnection extends EventEmitter {
  /** True once PostgreSQL refused a statement in a way that only a wrong binding or an attack explains. */
  mustNotBeReused = false;
  private isClosed = false;

  constructor(
    private readonly client: PoolClient,
    private readonly schemaName: string,
    private readonly destroy: () => void,
  ) {
    super();
    this.client.on('error', this.onError);
  }

  async query(sql: string, values: unknown[] = []): Promise<QueryResult> {
    if (this.isClosed) throw new Error('the connection was given back');
    assertTenantStatement(sql);
    const config: QueryConfig & { queryMode: 'extended' } = {
      text: addressSchema(sql, this.schemaName),
      values,
      queryMode: 'extended',
    };
    try {
      return await this.client.query(config);
    } catch (error) {
      if (error instanceof DatabaseError && VIOLATIONS.has(error.code ?? '')) this.mustNotBeReused = true;
      throw error;
    }
  }

  close(): void {
    this.isClosed = true;
    this.client.removeListener('error', this.onError);
  }

  private readonly onError = (error: Error): void => {
    this.destroy();
    if (this.listenerCount('error') > 0) this.emit('error', error);
  };
}
