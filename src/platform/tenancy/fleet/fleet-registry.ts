import type { OwnerDatabases } from '../owner/owner-database.js';
import type { Registry } from '../registry/registry.js';

/** A tenant as the fleet's migrator sees it. */
export interface FleetMember {
  id: string;
  slug: string;
  schemaName: string;
  /** Name of the database on which it lives. */
  database: string;
  schemaVersion: string;
  fingerprint: string | null;
  migratedAt: Date | null;
  migrationError: string | null;
}

/** A tenant that has the newest version, and since when. */
export interface DoneTenant {
  id: string;
  at: Date;
}

const MEMBERS = `
  SELECT t.id, t.slug, t.schema_name AS "schemaName", t.database, t.schema_version AS "schemaVersion", t.fingerprint,
         t.migrated_at AS "migratedAt", t.migration_error AS "migrationError"
    FROM platform.tenant t
   WHERE t.status IN ('active', 'suspended')`;
/** Names of migrations end in their time; a schema from the future of this program is not behind. */
const LAGS = `(right(t.schema_version, 13) < right($1, 13)
     OR t.schema_version = $1 AND t.fingerprint IS DISTINCT FROM coalesce((
       SELECT p.fingerprint FROM platform.tenant_template p WHERE p.schema_version = $1 AND p.method = CASE t.database WHEN 'main' THEN $2 ELSE (
         SELECT d.fingerprint_method FROM platform.tenant_database d WHERE d.name = t.database) END), ''))`;

/** What the registry knows of the state of the tenants' schemas. */
export class FleetRegistry {
  constructor(
    private readonly registry: Registry,
    private readonly owner: OwnerDatabases,
  ) {}

  /** The tenants whose recorded version is older, or whose recorded fingerprint differs, oldest tenant first. One query. */
  lagging(): Promise<FleetMember[]> {
    return this.registry.query<FleetMember[]>(`${MEMBERS} AND ${LAGS} ORDER BY t.id`, [
      this.owner.latestTenantMigration,
      this.owner.fingerprintMethod,
    ]);
  }

  all(): Promise<FleetMember[]> {
    return this.registry.query<FleetMember[]>(`${MEMBERS} ORDER BY t.id`);
  }

  /**
   * Records, in one commit, that these tenants have the newest version, and since when. Not a change of the tenant as its
   * operators see it, so its version stays. Answers since when each is there, by its id.
   */
  async recordDone(tenants: readonly DoneTenant[], fingerprint: string): Promise<Map<string, Date>> {
    const [rows] = await this.registry.query<[DoneTenant[], number]>(
      `UPDATE platform.tenant t SET
         migrated_at = CASE WHEN t.schema_version = $1 THEN coalesce(t.migrated_at, d.at) ELSE d.at END,
         schema_version = $1, fingerprint = $2, migration_error = NULL
       FROM unnest($3::uuid[], $4::timestamptz[]) AS d (id, at)
       WHERE t.id = d.id RETURNING t.id, t.migrated_at AS at`,
      [
        this.owner.latestTenantMigration,
        fingerprint,
        tenants.map(({ id }) => id),
        tenants.map(({ at }) => at),
      ],
    );
    return new Map(rows.map(({ id, at }) => [id, at]));
  }

  async recordFailure(id: string, reason: string): Promise<void> {
    await this.registry.query('UPDATE platform.tenant SET migration_error = $2 WHERE id = $1', [id, reason]);
  }

  async recordFingerprint(id: string, fingerprint: string): Promise<void> {
    await this.registry.query('UPDATE platform.tenant SET fingerprint = $2 WHERE id = $1', [id, fingerprint]);
  }
}
