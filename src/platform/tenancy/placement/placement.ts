import { ConflictError, DomainError, InvalidError } from '../../../kernel/errors.js';
import type { OwnerDatabase, OwnerDatabases } from '../owner/owner-database.js';
import type { Registry } from '../registry/registry.js';

/** A database on which tenants may live, as the registry knows it. */
export interface DatabaseEntry {
  name: string;
  /** Whether new tenants may be made there, or moved there. */
  acceptsTenants: boolean;
  /** All that are not deleted. */
  tenants: number;
}

const ENTRIES = `
  SELECT d.name, d.accepts_tenants AS "acceptsTenants",
         (SELECT count(*)::int FROM platform.tenant t WHERE t.database = d.name AND t.status <> 'deleted') AS tenants
    FROM platform.tenant_database d ORDER BY tenants, d.name`;

/** Decides on which database a tenant is made. */
export class Placement {
  constructor(
    private readonly registry: Registry,
    private readonly databases: OwnerDatabases,
  ) {}

  /** All that the registry knows, also those that are not configured any more; the emptiest first. */
  entries(): Promise<DatabaseEntry[]> {
    return this.registry.query<DatabaseEntry[]>(ENTRIES);
  }

  /**
   * The one that is asked for, else the one with the fewest tenants of those that take new ones and are there. Throws
   * InvalidError for one that is not known or closed, UnavailableError when it is away, ConflictError when all are closed.
   */
  async choose(asked?: string): Promise<OwnerDatabase> {
    const { databases } = this.databases;
    if (asked === undefined && databases.length === 1) return this.databases.at(databases[0]!);
    const open = (await this.entries())
      .filter(({ name, acceptsTenants }) => acceptsTenants && databases.includes(name))
      .map(({ name }) => name);
    if (asked !== undefined) {
      if (!open.includes(asked))
        throw InvalidError.field(
          '/database',
          'unknown_database',
          `Must be one of ${open.toSorted().join(', ')}.`,
        );
      return this.databases.at(asked);
    }
    let failure: unknown = new ConflictError('No database takes new tenants.');
    for (const name of open) {
      try {
        const owner = await this.databases.at(name);
        // It may have gone away since it was opened.
        if (open.length > 1) await owner.query('SELECT 1');
        return owner;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /** Opens or closes a database for new tenants; those on it stay. Throws ConflictError when none would be left. */
  async setAccepting(name: string, accepts: boolean): Promise<void> {
    const { databases } = this.databases;
    const entries = await this.entries();
    if (!entries.some((entry) => entry.name === name))
      throw new ConflictError(`There is no database ${name}.`);
    const remaining = entries.filter(
      (entry) => entry.acceptsTenants && entry.name !== name && databases.includes(entry.name),
    );
    if (!accepts && remaining.length === 0) throw new ConflictError('No database would take new tenants.');
    await this.registry.query('UPDATE platform.tenant_database SET accepts_tenants = $2 WHERE name = $1', [
      name,
      accepts,
    ]);
  }
}

/** Why a database did not do what was asked of it, for operators. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof DomainError && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
