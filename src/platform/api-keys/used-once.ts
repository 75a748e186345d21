import type { TenantContext } from '../tenancy/tenant-context.js';
import { tenantTable } from '../tenancy/tenant-schema.js';

/** So many old ones a new one clears away: more than it adds, too few to be felt. */
const CLEARED_AT_ONCE = 20;

/** Where what was used is kept: by key, under the name that was used. */
interface Place {
  table: string;
  key: string;
  name: string;
}

/** What may be used once with a key, in the tenant's own tables: all nodes see the same. */
export abstract class UsedOnce {
  private readonly insert: string;
  /** Those that another request is clearing away are left to it. */
  private readonly clear: string;

  protected constructor(
    private readonly context: TenantContext,
    { table, key, name }: Place,
  ) {
    this.insert = `INSERT INTO ${tenantTable(table)} (${key}, ${name}, expires_at)
      VALUES ($1, $2, $3) ON CONFLICT (${key}, ${name}) DO NOTHING RETURNING ${name}`;
    this.clear = `DELETE FROM ${tenantTable(table)} WHERE (${key}, ${name}) IN (
      SELECT ${key}, ${name} FROM ${tenantTable(table)} WHERE expires_at < now()
       ORDER BY expires_at LIMIT ${CLEARED_AT_ONCE} FOR UPDATE SKIP LOCKED)`;
  }

  /** Whether the name is new with this key; of several at once, on whatever nodes, one is told so. */
  async use(key: string, name: string, expiresAt: Date): Promise<boolean> {
    await this.context.manager.query(this.clear);
    const rows = await this.context.manager.query<unknown[]>(this.insert, [key, name, expiresAt]);
    return rows.length > 0;
  }
}
