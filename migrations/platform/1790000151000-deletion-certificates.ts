import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Signed statements that tenants were deleted. */
export class DeletionCertificates1790000151000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE deletion_certificate (
        tenant_id uuid NOT NULL,
        slug text NOT NULL,
        statement text NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT deletion_certificate_pkey PRIMARY KEY (tenant_id),
        CONSTRAINT deletion_certificate_slug_key UNIQUE (slug)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE deletion_certificate');
  }
}
