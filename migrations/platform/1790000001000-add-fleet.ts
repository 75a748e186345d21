import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the fleet's migrator remembers: how each tenant's schema was found, what it should be, and strays. */
export class AddFleet1790000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE tenant
        ADD COLUMN fingerprint text,
        ADD COLUMN migrated_at timestamptz(3),
        ADD COLUMN migration_error text`);
    await runner.query(`
      CREATE TABLE tenant_template (
        schema_version text NOT NULL,
        method text NOT NULL,
        fingerprint text NOT NULL,
        CONSTRAINT tenant_template_pkey PRIMARY KEY (schema_version, method)
      )`);
    await runner.query(`
      CREATE TABLE orphan (
        name text NOT NULL,
        first_seen_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT orphan_pkey PRIMARY KEY (name)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE orphan');
    await runner.query('DROP TABLE tenant_template');
    await runner.query(
      'ALTER TABLE tenant DROP COLUMN fingerprint, DROP COLUMN migrated_at, DROP COLUMN migration_error',
    );
  }
}
