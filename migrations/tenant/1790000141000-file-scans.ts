import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds the files that no virus scanner has looked at. */
export class TenantFileScans1790000141000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX file_unscanned_idx ON file (id) WHERE scan IN ('pending', 'off')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX file_unscanned_idx');
  }
}
