import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which files' contents are encrypted in the storage; those from before are not. */
export class TenantSealedFiles1790000140000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE file ADD COLUMN sealed boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE file DROP COLUMN sealed');
  }
}
