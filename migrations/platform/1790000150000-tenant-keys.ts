import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The data keys of tenants, wrapped by the master key; `wrapped` is null once a key is destroyed. */
export class TenantKeys1790000150000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tenant_key (
        owner text NOT NULL,
        purpose text NOT NULL,
        generation integer NOT NULL,
        kid uuid NOT NULL,
        wrapped text,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        destroyed_at timestamptz(3),
        CONSTRAINT tenant_key_pkey PRIMARY KEY (owner, purpose, generation),
        CONSTRAINT tenant_key_kid_key UNIQUE (kid)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE tenant_key');
  }
}
