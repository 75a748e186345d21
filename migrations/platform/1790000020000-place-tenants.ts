import type { MigrationInterface, QueryRunner } from 'typeorm';

/** On which database each tenant lives, and which databases there are. All tenants so far live beside the registry. */
export class PlaceTenants1790000020000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tenant_database (
        name text NOT NULL,
        id uuid NOT NULL,
        accepts_tenants boolean NOT NULL DEFAULT true,
        fingerprint_method text,
        CONSTRAINT tenant_database_pkey PRIMARY KEY (name),
        CONSTRAINT tenant_database_id_key UNIQUE (id)
      )`);
    await runner.query(`INSERT INTO tenant_database (name, id) VALUES ('main', gen_random_uuid())`);
    await runner.query(`
      ALTER TABLE tenant
        ADD COLUMN database text NOT NULL DEFAULT 'main',
        ADD COLUMN stale_copy_on text`);
    await runner.query(`ALTER TABLE orphan ADD COLUMN database text NOT NULL DEFAULT 'main'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE orphan DROP COLUMN database');
    await runner.query('ALTER TABLE tenant DROP COLUMN database, DROP COLUMN stale_copy_on');
    await runner.query('DROP TABLE tenant_database');
  }
}
