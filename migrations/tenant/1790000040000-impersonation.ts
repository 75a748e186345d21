import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sessions of operators who act as a user, and the tenant's consent to them. */
export class TenantImpersonation1790000040000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE session ADD COLUMN impersonation jsonb');
    await runner.query(`
      CREATE TABLE support_access (
        id uuid NOT NULL,
        until timestamptz(3) NOT NULL,
        allow_writes boolean NOT NULL,
        granted_by uuid NOT NULL,
        granted_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT support_access_pkey PRIMARY KEY (id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE support_access');
    await runner.query('ALTER TABLE session DROP COLUMN impersonation');
  }
}
